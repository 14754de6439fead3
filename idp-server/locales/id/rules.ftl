### Apa yang diminta dari siapa: pengaturan konsol, dan alasannya.

rules-door = Pintu
rules-level = Tingkat

## Mengapa seseorang ditanya: /admin/settings/why

why = Mengapa?
why-lead = Apa yang diminta dari seseorang di setiap pintu, dan aturan mana yang menentukan.
why-person = Nama pengguna
why-ask = Tampilkan
why-caption = Yang diminta dari { $name }
why-asked = Diminta
why-because = Ditentukan oleh
why-nobody = Tidak ada pengguna { $name }. Periksa ejaannya: itu nama yang dipakai orang itu untuk masuk.
