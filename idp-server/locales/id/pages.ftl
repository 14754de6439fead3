### Teks pada halaman. Setiap kunci diawali dengan halaman tempatnya berada.

## Di sekitar setiap halaman

language-name = Bahasa Indonesia
languages = Bahasa
title-error = Kesalahan: { $title }
title-said = { $said } – { $title }

## Tanggal

month = { $month ->
    [1] Januari
    [2] Februari
    [3] Maret
    [4] April
    [5] Mei
    [6] Juni
    [7] Juli
    [8] Agustus
    [9] September
    [10] Oktober
    [11] November
   *[12] Desember
}
day = { $day } { $month } { $year }
minute = { $day } { $month } { $year }, pukul { $time } UTC

## Isian formulir

field-password = Kata sandi
field-new-password = Kata sandi baru
field-present-password = Kata sandi saat ini
field-user-name = Nama pengguna
field-user-name-or-email = Nama pengguna atau email
field-user-name-hint = Huruf, angka, garis bawah, titik, dan tanda hubung; sebaiknya sama dengan nama Anda di mesin Linux.
field-new-password-hint = Sedikitnya { $least } karakter, atau { $alone } jika faktor kedua tidak diminta dari Anda. Beberapa kata yang tidak saling berkaitan mudah diingat dan sulit ditebak.
field-code = Kode
field-first-code = Kode pertama
field-next-code = Kode berikutnya
field-show = Tampilkan
field-hide = Sembunyikan
continue = Lanjutkan

## Masuk: /login

login = Masuk
login-onward = untuk melanjutkan ke { $client }
login-cancel = Batalkan dan kembali ke { $client }

## Kode: /login/code

code = Masukkan kode Anda
code-lead = Aplikasi autentikator Anda menampilkan enam angka untuk { $name }.
code-onward = Dengan kode itu Anda dapat melanjutkan ke { $client }.
code-not-you = Bukan { $name }?
code-somebody-else = Masuk sebagai orang lain

## Faktor kedua apa pun yang diminta: /login/code, /login/email, /login/recover

asked-another = Gunakan metode lain
asked-remember = Ingat perangkat ini selama { $days ->
    [1] satu hari
   *[other] { $days } hari
}
asked-remember-hint = Setelah itu, di sini hanya kata sandi yang diminta. Lakukan hanya di perangkat milik Anda sendiri.

## Kode lewat email: /login/email, /login/setup/email

email-sent = Kami telah mengirim enam angka ke { $to }.
email-unsent = Tidak ada kode yang sedang dikirim. Kami dapat mengirimnya ke { $to }.
email-left = { $minutes ->
    [1] Kode berlaku satu menit lagi.
   *[other] Kode berlaku { $minutes } menit lagi.
}
email-left-counting = Kode berlaku { $time } lagi.
email-left-over = Kode sudah kedaluwarsa. Mintalah kode baru.
email-send = Kirim kode verifikasi
email-again = Kirim ulang kode
email-again-in = Kode dapat dikirim ulang dalam { $seconds } detik.
email-again-counting = Kirim ulang kode dalam { $time }
email-dead = Alamat ini bukan milik Anda lagi? Pengelola sistem ini dapat mengubahnya.
email-setup = Tunjukkan bahwa ini Anda
email-setup-lead = Sebelum Anda menyiapkan faktor kedua, mintalah kode yang dikirim ke { $to } lalu ketikkan di sini. Dengan begitu orang yang hanya tahu kata sandi Anda tidak dapat melakukannya.

## Cara lain: /login/method

method = Pilih metode
method-lead = Salah satu dari ini menunjukkan bahwa ini memang Anda, { $name }.
method-app = Aplikasi autentikator
method-app-hint = Enam angka yang ditampilkan aplikasi Anda
method-email = Email
method-email-hint = Mengirim enam angka ke { $to }
method-recovery = Gunakan kode pemulihan
method-recovery-hint = Salah satu kode yang Anda simpan, atau kunci pemulihan Anda

## Kode atau kunci pemulihan: /login/recover

recover = Gunakan kode pemulihan
recover-lead = Ketikkan salah satu kode pemulihan yang Anda simpan, atau kunci pemulihan Anda. Masing-masing hanya berlaku sekali.
recover-field = Kode atau kunci pemulihan
recover-hint = Huruf kecil atau besar, dengan atau tanpa tanda hubung.

## Faktor kedua yang pertama: /login/setup

choice = Pilih faktor kedua
choice-lead = Mulai sekarang, kata sandi saja tidak cukup di sini.
choice-onward = Setelah itu Anda melanjutkan ke { $client }.
choice-app = Aplikasi autentikator
choice-app-what = Aplikasi di ponsel menampilkan enam angka yang Anda ketikkan saat masuk.
choice-app-offline = Tidak memerlukan jaringan maupun sinyal telepon.
choice-app-brief = Sebuah kode hanya berlaku setengah menit.
choice-app-clock = Jam ponsel Anda harus tepat: biarkan diatur otomatis.
choice-app-backup = Aktifkan cadangan di aplikasi, untuk berjaga-jaga jika ponsel hilang.
choice-app-which = Antara lain: Aegis, FreeOTP, Google Authenticator, Microsoft Authenticator, 2FAS.
choice-app-submit = Siapkan aplikasi
choice-email = Email
choice-email-what = Enam angka dikirim ke { $to } setiap kali Anda masuk.
choice-email-submit = Gunakan email
choice-another = Pilih faktor kedua lain
choice-later = Nanti
choice-later-times = { $times ->
    [1] Anda dapat menundanya satu kali lagi.
   *[other] Anda dapat menundanya { $times } kali lagi.
}
choice-later-until = Ini dapat ditunda sampai { $when }.

## Kode dan kunci pemulihan: /login/recovery

recovery = Simpan kode pemulihan Anda
recovery-lead-codes = Dengan sepuluh kode ini Anda tetap dapat masuk jika kehilangan ponsel atau kotak surat.
recovery-lead-key = Dengan kunci pemulihan ini Anda tetap dapat masuk jika kehilangan ponsel atau kotak surat.
recovery-lead-both = Dengan sepuluh kode dan kunci pemulihan ini Anda tetap dapat masuk jika kehilangan ponsel atau kotak surat.
recovery-once = Masing-masing hanya berlaku sekali.
recovery-warning = Perlakukan seperti kata sandi: siapa pun yang memilikinya dapat masuk sebagai Anda. Tanpa ini dan tanpa ponsel, Anda tidak dapat masuk. Ini tidak akan ditampilkan lagi.
recovery-reveal = Tampilkan
recovery-copy = Salin
recovery-download = Unduh
recovery-saved = Saya telah menyimpan kode ini
recovery-confirm = Konfirmasi
recovery-first = Salin atau unduh dahulu.
recovery-file = Kode pemulihan untuk { $organisation }
recovery-file-name = Nama pengguna: { $name }
recovery-file-made = Dibuat: { $when }
recovery-file-codes = Kode pemulihan:
recovery-file-key = Kunci pemulihan:

## Kata sandi pengganti pilihan orang lain: /login/password

own-password = Pilih kata sandi
own-password-lead = Kata sandi Anda saat ini dipilihkan oleh orang lain. Pilihlah kata sandi yang hanya Anda ketahui.
own-password-submit = Simpan kata sandi

## Autentikator baru: /login/setup, /setup/…

authenticator = Siapkan autentikator Anda
authenticator-open = Buka aplikasi autentikator di ponsel Anda. Jika belum ada, pasanglah salah satu: FreeOTP, Aegis, Google Authenticator, atau banyak aplikasi lain dapat digunakan.
authenticator-add = Tambahkan akun di aplikasi itu dengan memindai kode QR atau mengetikkan kuncinya.
authenticator-type = Ketikkan enam angka yang kemudian ditampilkan aplikasi.
authenticator-next = Kode pertama Anda benar. Sekarang tunggu sampai aplikasi Anda menampilkan kode berikutnya untuk { $name }, lalu ketikkan juga kode itu.
authenticator-show-qr = Klik untuk menampilkan kode QR
authenticator-verify = Verifikasi
authenticator-qr = Kode QR untuk aplikasi autentikator Anda
authenticator-show-key = Tampilkan kunci
authenticator-copy-key = Salin kunci
authenticator-copied = Tersalin
authenticator-not-copied = Penyalinan tidak diizinkan
authenticator-key-hint = Berbasis waktu, enam angka, setiap 30 detik. Orang lain tidak boleh melihatnya.

## Yang dibuka oleh tautan sekali pakai: /setup/…

setup = Siapkan akun Anda
setup-welcome = Selamat datang, { $name }. Pilih kata sandi yang akan Anda gunakan untuk masuk ke aplikasi web.
setup-first = Langkah ini membuat administrator pertama untuk { $organisation }.
setup-linux-password = Kata sandi Linux Anda tidak berubah dan tidak diminta di sini.

## Akun sendiri: /account

account = Akun Anda
account-sign-out = Keluar
account-who = Tentang Anda
account-user-name = Nama pengguna
account-email = Email
account-role = Peran
account-since = Masuk sejak
account-authenticators-hint = Berlaku untuk mesin Linux maupun aplikasi web Anda.
account-added = Ditambahkan { $when }
account-used = Terakhir digunakan { $when }
account-not-used = Belum pernah digunakan
account-password = Kata sandi
account-password-hint = Hanya untuk aplikasi web. Kata sandi Linux Anda terpisah dari ini.
account-change-password = Ubah kata sandi
role-admin = Administrator
role-supervisor = Pengawas
role-member = Anggota

## Mengubah kata sandi: /account/password

change-password = Ubah kata sandi Anda
change-password-lead = Anda harus masuk lagi di semua peramban lain tempat Anda sedang masuk.
change-password-submit = Ubah kata sandi
change-password-back = Kembali ke akun Anda

## Meminta bantuan administrator: /login/need-recovery

need-recovery = Minta pemulihan
need-recovery-link = Minta bantuan administrator
need-recovery-lead = Jika { $name } kehilangan ponsel, kotak surat, dan kode pemulihan, administrator dapat menghapus semuanya. Setelah itu Anda menyiapkan faktor kedua lagi.
need-recovery-before = Semua sesi dan perangkat yang diingat akan berakhir. Mintalah hanya jika cara lain tidak berhasil.
need-recovery-submit = Minta pemulihan
need-recovery-waiting = Permintaan Anda dari { $when } menunggu administrator. Permintaan ini disimpan sampai { $until }. Buka lagi halaman ini untuk melihat jawabannya.
need-recovery-approved = Permintaan Anda disetujui pada { $when }. Lanjutkan, lalu siapkan faktor kedua.
need-recovery-dismissed = Permintaan Anda ditolak pada { $when }.
need-recovery-note = Catatan administrator: { $note }
need-recovery-expired = Tidak ada yang menjawab permintaan Anda dari { $when }. Anda dapat meminta lagi.
need-recovery-back = Lanjutkan masuk

## Bagi yang tidak melakukan isi surat: /not-me/…

not-me = Bukan Anda yang melakukannya?
not-me-lead = Seseorang melakukan sesuatu dengan akun { $name }, dan kami menyurati Anda tentang hal itu. Jika bukan Anda, kuncilah di sini.
not-me-ends = Semua peramban dikeluarkan, dan tidak ada lagi perangkat yang diingat.
not-me-asks = Para administrator diberi tahu dan diminta membantu Anda.
not-me-keeps = Kata sandi dan faktor kedua Anda tidak berubah. Jika orang lain mungkin mengetahui kata sandi itu, ubahlah.
not-me-submit = Ini bukan saya

## Tautan administrator sendiri: /login/need-recovery, /recovery/…, /recovery/stop/…

admin-link-offer = Anda seorang administrator
admin-link-offer-lead = Jika tidak ada orang lain yang dapat membantu, tautan dapat dikirim ke alamat surel Anda. Tautan itu berlaku selama 15 menit dan hanya di peramban ini. Semua administrator segera diberi tahu dan dapat menghentikannya.
admin-link-offer-submit = Kirim tautan
admin-link = Hapus faktor kedua Anda
admin-link-lead = Anda adalah { $name }, dan Anda meminta tautan ini di peramban ini.
admin-link-removes = Autentikator, kode pemulihan, dan perangkat yang diingat dihapus, dan semua sesi Anda berakhir. Setelah itu Anda menyiapkan faktor kedua lagi.
admin-link-restricted = Selama 24 jam Anda tidak dapat mengubah kebijakan, peran, alamat, klien, atau faktor kedua orang lain.
admin-link-submit = Hapus dan siapkan lagi
stop = Hentikan pemulihan ini
stop-lead = { $name } meminta tautan lewat surel yang menghapus faktor keduanya sendiri.
stop-ends = Tautan itu tidak berlaku lagi. Akunnya tetap seperti semula.
stop-password = Siapa pun yang memintanya mengetahui kata sandi { $name }. Cari tahu siapa orangnya.
stop-submit = Hentikan
