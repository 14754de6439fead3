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

## Aturan: /admin/settings/security

rules = Keamanan
rules-all = Semua orang
rules-role = Peran { $role }
rules-group = Grup { $group }
rules-person = { $name }
rules-person-gone = Pengguna yang sudah dihapus
rules-for-all = Untuk semua orang
rules-for-some = Untuk sebagian orang, dan di beberapa tempat
rules-for-some-hint = Aturan hanya dapat meminta lebih dari yang berlaku untuk semua orang: tingkat tertinggi yang berlaku, dan dari yang lain yang paling ketat.
rules-none = Belum ada aturan seperti itu.
rules-caption = Aturan untuk peran, grup, pintu, dan aplikasi web
rules-scope = Untuk
rules-methods = Metode yang diizinkan
rules-recovery = Disimpan untuk keadaan darurat
rules-later = Penyiapan dapat ditunda
rules-devices = Perangkat diingat
rules-devices-admins = (perangkat administrator tidak pernah)
rules-days = { $count ->
    [0] Tidak sama sekali
    [1] Selama satu hari
   *[other] Selama { $count } hari
}
rules-times = { $count ->
    [0] Tidak pernah
    [1] Satu kali
   *[other] { $count } kali
}
rules-until = sampai { $when }
rules-setup-days = Waktu untuk penyiapan
rules-enrol-codes = Kode yang memastikan aplikasi baru
rules-admin-link = Tautan pemulihan untuk administrator
rules-change = Ubah
rules-edit = Sunting
rules-edit-name = Sunting: { $scope }
rules-edit-all = Sunting yang berlaku untuk semua orang
rules-add = Tambah aturan
rules-every-door = Semua pintu
rules-author = Oleh
rules-back = Kembali ke keamanan
methods-both = Aplikasi dan email
methods-app = Aplikasi
methods-email = Email
methods-none = Tidak ada
kept-codes = Sepuluh kode pemulihan
kept-key = Kunci pemulihan
kept-both = Kode pemulihan dan kunci

## Sakelar

switch = Faktor kedua untuk seluruh organisasi
switch-required = Semua orang ditanya, dan yang belum punya apa-apa harus menyiapkannya.
switch-optional = Yang sudah menyiapkan sesuatu ditanya.
switch-off = Tidak ada yang ditanya, kecuali bila ada aturan.
switch-locked = Berkas konfigurasi menahannya di sana, untuk semua orang dan di setiap pintu: lock = "required" di [policy]. Hanya yang menjalankan server yang dapat mengubahnya.
switch-to-required = Wajibkan untuk semua orang
switch-to-optional = Jadikan opsional
switch-to-off = Matikan
switch-warning = Ini menurunkan perlindungan seluruh organisasi. Setiap administrator diberi tahu lewat email.
switch-password = Kata sandi Anda
switch-own = Faktor kedua Anda sendiri dulu
switch-own-hint = Anda belum punya. Pilih satu: begitu kodenya Anda tunjukkan, faktor itu disimpan dan sekaligus diwajibkan untuk semua orang.
switch-own-none = Anda belum punya faktor kedua, dan aturan tidak mengizinkan Anda menyiapkan satu pun. Izinkan dulu satu metode untuk administrator.

## Akibat suatu perubahan

foreseen = Yang akan terjadi
foreseen-nobody = Keadaan siapa pun tidak berubah.
foreseen-set-up = { $count } orang harus menyiapkan pada saat masuk berikutnya.
foreseen-asked = { $count } orang sudah menyiapkan sesuatu, dan akan ditanya.
foreseen-excused = { $count } orang tidak akan ditanya lagi.
foreseen-refused = { $count } orang akan ditolak sampai administrator membuka penyiapan lagi.
foreseen-unreadable = Tentang { $count } orang tidak ada yang dapat dikatakan: barisnya diubah di basis data (row_mac), dan ditolak dengan aturan apa pun.

## Satu aturan: /admin/settings/rule

rule = Aturan
rule-of = Aturan: { $scope }
rule-lead-all = Ini berlaku untuk semua orang, di mana pun. Aturan lain hanya dapat meminta lebih.
rule-nothing = Seperti untuk semua orang
rule-methods-hint = Tidak ada yang dicentang: seperti untuk semua orang.
rule-skips = Berapa kali penyiapan dapat ditunda
rule-skips-all = 0 dengan hari di bawah: sesering yang diinginkan sampai hari itu. 0 tanpa hari: tidak pernah.
rule-skips-some = Paling banyak; 0 berarti tidak pernah. Kosong: seperti untuk semua orang.
rule-until = Sampai hari apa penyiapan dapat ditunda
rule-until-hint = Seperti 2026-03-31. Kosong: tanpa hari.
rule-no-recovery = Kode pemulihan dan kunci pemulihan tidak diterima
rules-no-recovery = tanpa kode pemulihan
rule-devices-hint = Dalam hari, paling banyak 365; 0 berarti tidak sama sekali.
rule-link-hint = on, off, atau wait:24 untuk 24 jam kemudian.
rule-look = Tampilkan akibatnya
rule-save = Berlakukan
rule-remove = Hapus aturan ini
scope-person = Seseorang
scope-role = Peran
scope-group = Grup
scope-door = Pintu
scope-client = Aplikasi web
scope-name = Namanya
scope-hint = admin, supervisor, atau member; sebuah grup; web, ssh, console, sudo, su, atau other; atau client id sebuah aplikasi.
rules-bad-of = Tidak ada yang bernama demikian. Tidak ada yang diubah.
rules-bad-level = Pilih tingkat.
rules-bad-methods = Izinkan paling sedikit satu metode.
rules-bad-number = Angka itu tidak dapat dipakai di sini. Tidak ada yang diubah.
rules-bad-day = Itu bukan hari seperti 2026-03-31.
rules-bad-admin-link = Ketik on, off, atau wait: dengan jumlah jam.

## Versi sebelumnya: /admin/settings/version

versions = Versi
versions-caption = Versi-versi terakhir dari aturan, yang berlaku di atas
versions-number = Versi
versions-when = Kapan
versions-what = Yang berubah
versions-first = Aturan pertama
versions-same = Aturan yang sama; sebuah pengecualian datang atau pergi
versions-current = Berlaku
versions-restore = Kembali
versions-restore-name = Kembali ke versi { $version }
version = Kembali ke versi { $version }
version-lead = Oleh { $author }, { $when }. Pengecualian tetap seperti sekarang.
version-changes = Yang berubah dalam aturan
version-none = Tidak ada.
version-switch = Sakelar untuk seluruh organisasi waktu itu lain. Sakelar itu tetap seperti sekarang: ada halamannya sendiri.
version-submit = Berlakukan aturan ini

## Hasil suatu perubahan

rules-said-switched = Sakelar sudah diubah.
rules-said-saved = Aturan berlaku.
rules-said-removed = Aturan dihapus.
rules-said-exempted = Pengecualian berlaku.
rules-said-ended = Pengecualian diakhiri.
rules-said-restored = Aturan sebelumnya berlaku lagi.
rules-said-outdated = Orang lain sudah mengubah aturan sementara itu. Lihatlah lagi; tidak ada yang diubah.
rules-said-locked = Berkas konfigurasi tidak membiarkan siapa pun di bawah wajib. Tidak ada yang diubah.
rules-said-locks-out = Dengan aturan ini tidak ada administrator yang dapat masuk. Izinkan satu metode lagi, atau minta seorang administrator menyiapkan metode yang diizinkan dulu. Tidak ada yang diubah.
rules-said-wrong-password = Kata sandi tidak benar.
rules-said-wait = Terlalu banyak kata sandi salah. Tunggu sebentar, lalu coba lagi.
