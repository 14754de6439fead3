### Akun sendiri. Setiap kunci diawali dengan halaman tempatnya berada.

## Di sekitar semuanya

account-tabs = Akun Anda
account-tab-profile = Profil
account-tab-security = Keamanan dan kredensial
account-tab-sessions = Perangkat dan sesi
account-back = Kembali ke keamanan dan kredensial

## Profil: /account

account-console = Buka konsol
account-mfa-enable = Aktifkan autentikasi multifaktor
account-mfa-settings = Pengaturan autentikasi multifaktor (MFA)
account-mfa-hint = Faktor kedua menghalangi orang lain yang mengetahui kata sandi Anda.
account-change-address = Ubah alamat
account-address-fixed = Hanya administrator yang dapat mengubah alamat Anda.
account-unverified = belum diverifikasi

## Cara masuk: /account/security

security = Keamanan dan kredensial
security-app = Aplikasi autentikator
security-app-lead = Aplikasi di ponsel atau komputer Anda menampilkan kode baru setiap setengah menit.
security-app-off = Belum disiapkan.
security-app-set-up = Siapkan
security-app-more = Tambahkan autentikator lain
security-app-closed = Organisasi Anda tidak menggunakan aplikasi autentikator.
security-manage = Kelola
security-manage-name = Kelola { $name }
security-email = Kode lewat email
security-email-lead = Kode dikirim lewat email setiap kali diperlukan.
security-email-on = Aktif, ke { $address }.
security-email-off = Belum disiapkan.
security-email-set-up = Aktifkan autentikasi dua faktor
security-email-manage = Kelola kode lewat email
security-email-none = Akun Anda tidak memiliki alamat email. Administrator dapat menambahkannya.
security-email-closed = Kode lewat email tidak dapat digunakan di sini.
security-recovery = Kode pemulihan
security-recovery-lead = Dengan kode ini Anda dapat masuk saat autentikator dan kotak surat Anda tidak terjangkau. Masing-masing berlaku satu kali.
security-recovery-none = Belum disiapkan.
security-recovery-codes = { $count ->
    [0] Tidak ada kode yang tersisa.
   *[other] Tersisa { $count } kode.
}
security-recovery-key = Kunci pemulihan Anda belum digunakan.
security-recovery-key-used = Kunci pemulihan Anda sudah digunakan.
security-recovery-new = Kode pemulihan baru
security-recovery-first = Siapkan faktor kedua terlebih dahulu.

## Menunjukkan bahwa ini masih Anda: /account/confirm

confirm = Pastikan ini Anda
confirm-lead = Anda akan mengubah perlindungan akun Anda. Kode yang dipakai untuk masuk tidak berlaku lagi.
confirm-app = Ketikkan kode yang sekarang ditampilkan aplikasi autentikator Anda. Jika itu kode yang dipakai untuk masuk, tunggu kode berikutnya.
confirm-mail = Kami akan mengirim kode ke alamat email Anda.
confirm-password = Anda belum memiliki faktor kedua, jadi kata sandi Anda yang diminta.
confirm-nothing = Faktor kedua Anda adalah kode lewat email, dan saat ini tidak ada email yang dapat dikirim. Gunakan kode atau kunci pemulihan, atau minta bantuan administrator.
confirm-send = Kirim kode verifikasi
confirm-submit = Pastikan
confirm-recovery = Gunakan kode atau kunci pemulihan
confirm-recovery-field = Kode atau kunci pemulihan
confirm-recovery-hint = Setiap kode pemulihan hanya berlaku satu kali.

## Autentikator lain: /account/authenticator

app = Siapkan aplikasi autentikator
app-what = Aplikasi autentikator menampilkan enam angka yang berganti setiap 30 detik. Anda mengetikkannya setelah kata sandi. Orang yang hanya mengetahui kata sandi Anda tidak dapat masuk.
app-which = Semua aplikasi kode berbasis waktu (TOTP) dapat digunakan. Yang umum antara lain Google Authenticator, Microsoft Authenticator, Aegis, FreeOTP, dan 2FAS.
app-offline = Aplikasi itu tidak memerlukan jaringan maupun sinyal telepon: kode dibuat dari kunci yang Anda berikan sekarang dan dari waktu.
app-short = Setiap kode hanya berlaku sebentar dan hanya satu kali.
app-clock = Jam perangkat Anda harus tepat. Biarkan perangkat mengatur waktunya sendiri.
app-backup = Siapkan cadangan: buat kode pemulihan setelah ini, dan gunakan fitur pencadangan aplikasi atau tambahkan perangkat kedua. Siapa pun yang memiliki kuncinya dapat membuat kode Anda, jadi jangan menyimpan gambarnya.
app-old = Yang Anda gunakan sekarang tetap berlaku sampai yang baru dipastikan, dan sesudahnya.
app-name = Nama autentikator
app-name-hint = Agar nanti Anda tahu perangkat mana ini.
app-enrol = Daftarkan

## Salah satunya: /account/authenticator/…

manage-title = { $name }
manage-rename = Ganti nama
manage-remove = Hapus autentikator ini
manage-remove-hint = Kodenya tidak akan berlaku lagi. Anda harus masuk lagi di semua peramban lain tempat Anda sedang masuk.
manage-remove-last = Ini faktor kedua Anda yang terakhir, dan organisasi Anda mewajibkannya. Siapkan yang lain terlebih dahulu, lalu hapus yang ini.
manage-remove-submit = Hapus

## Kode lewat email: /account/email

email = Kode lewat email
email-lead = Kode dikirim ke { $address } setiap kali diperlukan. Ini berfungsi di mana pun Anda dapat membaca email.
email-weaker = Aplikasi autentikator lebih aman: siapa pun yang membaca email Anda dapat membaca kode Anda.
account-email-send = Kirim kode verifikasi
email-on = Kode dikirim ke { $address }.
email-off = Nonaktifkan kode lewat email
email-off-last = Ini faktor kedua Anda yang terakhir, dan organisasi Anda mewajibkannya. Siapkan aplikasi autentikator terlebih dahulu.

## Alamat lain: /account/address

address = Ubah alamat email Anda
address-lead = Kode dikirim ke alamat baru. Selama tiga puluh hari, pemberitahuan tentang akun Anda juga dikirim ke alamat lama.
address-now = Alamat Anda { $address }.
address-field = Alamat email baru
address-fixed = Alamat Anda hanya dapat diubah oleh administrator organisasi Anda. Hubungi administrator jika alamat itu salah.
address-no-mail = Alamat Anda tidak dapat diubah di sini karena sistem ini tidak mengirim email.

## Kode pemulihan baru: /account/recovery

account-recovery = Kode pemulihan
account-recovery-lead = Dengan kode pemulihan Anda dapat masuk saat autentikator dan kotak surat Anda tidak terjangkau. Simpan di tempat yang hanya dapat Anda jangkau, dan bukan di tempat yang sama dengan kata sandi Anda.
account-recovery-old = Kode Anda saat ini berlaku sampai Anda memastikan bahwa yang baru sudah disimpan.
account-recovery-new = Kode pemulihan baru

## Semua sudah siap: /account/done

done = Autentikasi multifaktor aktif
done-lead = Mulai sekarang faktor kedua diminta saat Anda masuk.
done-apps = { $count ->
    [0] Anda tidak memiliki aplikasi autentikator.
   *[other] Anda memiliki { $count } aplikasi autentikator.
}
done-email = Kode dapat dikirim kepada Anda lewat email.
done-recovery = Anda memiliki kode pemulihan untuk saat semua yang lain hilang.
done-no-recovery = Anda tidak memiliki kode pemulihan. Buatlah agar Anda tetap dapat masuk saat semua yang lain hilang.

## Perangkat dan sesi: /account/sessions

sessions = Perangkat dan sesi
sessions-lead = Tempat Anda sedang masuk saat ini.
sessions-this = Peramban ini
sessions-other = Peramban lain
sessions-place = Dari { $place }
sessions-since = Sejak { $when }
sessions-used = Terakhir digunakan { $when }
sessions-end = Akhiri
sessions-end-name = Akhiri sesi dari { $place }
sessions-end-others = Akhiri semua yang lain
sessions-no-others = Anda tidak sedang masuk di tempat lain.
devices = Perangkat yang diingat
devices-lead = Faktor kedua lebih jarang diminta di sana.
devices-none = Tidak ada perangkat yang diingat.
devices-until = Diingat { $when }
devices-unnamed = Sebuah peramban
devices-forget = Lupakan
devices-forget-name = Lupakan { $name }
devices-forget-all = Lupakan semua

## Yang dikatakan halaman ini tentang percobaan terakhir

account-said-wrong-mailed = Kode itu tidak benar. Ketikkan kode dari email terbaru. Setelah tiga kali mencoba, percobaan berikutnya baru dihitung setelah lima menit.
account-said-old-mailed = Kode itu terlalu lama atau sudah pernah digunakan. Mintalah kode lain.
account-said-wrong-recovery = Kode pemulihan itu tidak benar. Setelah beberapa kali mencoba, percobaan berikutnya baru dihitung setelah jeda beberapa saat.
account-said-used-recovery = Kode pemulihan itu sudah pernah digunakan. Gunakan yang lain.
account-said-wrong-password = Kata sandi itu tidak benar. Setelah beberapa kali mencoba, percobaan berikutnya baru dihitung setelah jeda beberapa saat.
account-said-mail-later = Email tidak dikirim: beberapa baru saja dikirim. Gunakan yang sudah ada, atau tunggu lima menit.
account-said-mailed-again = Kode dikirim sekali lagi.
account-said-too-late = Itu terlalu lama. Tidak ada yang diubah. Mulailah lagi.
account-said-no-name = Berikan nama paling banyak 40 karakter.
account-said-no-address = Ketikkan alamat lain, dengan bentuk nama@example.org.
account-said-taken-address = Akun lain memiliki alamat ini.
account-said-last-one = Ini faktor kedua Anda yang terakhir, dan organisasi Anda mewajibkannya. Tidak ada yang diubah.
account-said-too-many = Anda sudah memiliki autentikator sebanyak yang diperbolehkan, atau organisasi Anda tidak menggunakannya.
account-said-renamed = Autentikator memiliki nama barunya.
account-said-removed = Autentikator telah dihapus, dan Anda telah dikeluarkan di semua tempat kecuali di sini.
account-said-email-on = Kode lewat email aktif, dan Anda telah dikeluarkan di semua tempat kecuali di sini.
account-said-email-off = Kode lewat email tidak aktif, dan Anda telah dikeluarkan di semua tempat kecuali di sini.
account-said-address-changed = Alamat Anda telah diubah, dan Anda telah dikeluarkan di semua tempat kecuali di sini.
account-said-session-ended = Sesi telah diakhiri.
account-said-others-ended = Anda telah dikeluarkan di semua tempat kecuali di sini.
account-said-forgotten = Perangkat telah dilupakan.
account-said-all-forgotten = Semua perangkat telah dilupakan.
