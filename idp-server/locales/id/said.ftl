### Yang dikatakan halaman tentang percobaan terakhir. Yang tidak boleh dibedakan dari luar mendapat kalimat yang sama.

## Masuk

said-not-right = Nama pengguna atau kata sandi tidak benar. Setelah beberapa kali mencoba, percobaan berikutnya baru dihitung setelah jeda beberapa saat.
said-over = Proses masuk itu terlalu lama atau sudah diselesaikan di tempat lain. Silakan masuk lagi.
said-setup-closed = Akun Anda memerlukan faktor kedua, dan waktu untuk menyiapkannya sudah habis. Mintalah pengelola sistem ini membukanya kembali.
said-signed-out = Anda telah keluar.
said-asked-lately = Anda sudah meminta dalam satu jam terakhir. Mintalah lagi nanti.
said-admin-link = Tautan sedang dikirim. Bukalah di peramban ini dalam 15 menit.
said-admin-link-wait = Tautan dapat dikirim mulai { $when }. Mintalah lagi saat itu; sebelumnya, setiap administrator dapat menghentikannya.
said-admin-link-lately = Sudah cukup banyak tautan dalam satu jam terakhir. Mintalah lagi nanti.
said-link-stopped = Tautan itu tidak berlaku lagi. Cari tahu siapa yang memintanya: orang itu mengetahui kata sandinya.
said-link-not-stopped = Tidak ada lagi yang dapat dihentikan: tautan itu sudah digunakan atau sudah berakhir. Segera periksa akunnya.
said-disowned = Anda telah dikeluarkan di semua tempat, tidak ada lagi perangkat yang diingat, dan para administrator diberi tahu.

## Kode

said-wrong-code = Kode itu tidak benar. Ketikkan kode yang sekarang ditampilkan aplikasi Anda. Setelah beberapa kali mencoba, percobaan berikutnya baru dihitung setelah jeda beberapa saat.
said-wrong-new-code = Kode itu tidak benar. Ketikkan kode yang sekarang ditampilkan aplikasi Anda, dan periksa apakah jam ponsel Anda tepat.
said-used-code = Kode itu sudah pernah digunakan. Tunggu sampai aplikasi Anda menampilkan kode berikutnya.
said-no-code = Kode terdiri atas enam angka. Ketikkan kode yang sekarang ditampilkan aplikasi Anda.

said-wrong-email-code = Kode itu tidak benar. Ketikkan kode dari email terbaru. Setelah tiga kali salah, kode berikutnya baru dihitung lima menit kemudian.
said-no-email-code = Kode terdiri atas enam angka. Ketikkan kode dari email terbaru.
said-email-code-over = Kode itu tidak dapat digunakan lagi. Mintalah kode baru.
said-mailed-again = Kode yang sama sedang dikirim sekali lagi.
said-mail-too-early = Kode baru saja dikirim. Kode dapat dikirim ulang dalam { $seconds } detik.
said-mail-blocked = Beberapa kode telah dikirim dalam waktu singkat. { $minutes ->
    [1] Satu menit lagi kode berikutnya dapat dikirim.
   *[other] { $minutes } menit lagi kode berikutnya dapat dikirim.
} Metode lain tetap dapat digunakan.
said-email-blocked = Terlalu banyak kode lewat email yang salah. { $minutes ->
    [1] Selama satu menit tidak ada kode yang dikirim maupun dihitung.
   *[other] Selama { $minutes } menit tidak ada kode yang dikirim maupun dihitung.
} Metode lain tetap dapat digunakan.
said-email-held = Terlalu banyak kode lewat email yang salah: tidak ada lagi kode yang dikirim maupun dihitung. Gunakan kode pemulihan jika Anda punya, atau mintalah bantuan pengelola.
said-wrong-recovery = Kode pemulihan itu tidak benar. Setelah beberapa kali mencoba, percobaan berikutnya baru dihitung setelah jeda beberapa saat.
said-used-recovery = Kode pemulihan itu sudah pernah digunakan. Masing-masing hanya berlaku sekali: gunakan yang lain.
said-no-recovery = Itu bukan kode pemulihan: kode terdiri atas 18 karakter, kunci 33. Mungkin ada yang salah ketik.
said-recovery-left = { $left ->
    [0] Anda telah menggunakan kode pemulihan terakhir.
    [1] Anda telah menggunakan satu kode pemulihan. Tersisa satu.
   *[other] Anda telah menggunakan satu kode pemulihan. Tersisa { $left }.
}
said-not-kept = Simpan dahulu kodenya, lalu nyatakan bahwa sudah disimpan.
said-set-up = Faktor kedua Anda sudah siap. Sekarang masuklah dengannya.

## Kata sandi

said-wrong-password = Kata sandi Anda saat ini tidak benar. Setelah beberapa kali mencoba, percobaan berikutnya baru dihitung setelah jeda beberapa saat.
said-password-set = Kata sandi Anda telah disimpan.
said-password-changed = Kata sandi Anda telah diubah, dan Anda telah dikeluarkan di semua tempat kecuali di sini.
weak-short = Kata sandi terlalu pendek: sedikitnya { $least } karakter.
weak-long = Kata sandi terlalu panjang: paling banyak { $most } bita.
weak-control = Kata sandi berisi karakter yang tidak dapat diketik.
weak-same = Ini kata sandi yang sedang Anda gunakan. Pilih kata sandi lain.
weak-common = Kata sandi terlalu mudah ditebak. Gunakan beberapa kata yang tidak saling berkaitan.

## Nama

said-no-name = Nama ini tidak dapat digunakan: nama pengguna diawali huruf atau _, dilanjutkan dengan huruf, angka, _ . atau -, dan paling banyak 32 karakter.
said-name-taken = Nama ini sudah dipakai. Pilih nama lain.
