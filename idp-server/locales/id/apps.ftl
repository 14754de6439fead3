### Yang dilihat aplikasi web dan orang satu sama lain: jawaban dalam perjalanan, dan keluar.

form-post = Kembali ke aplikasi
form-post-lead = Peramban Anda menyerahkan jawaban kami kepada aplikasi.
form-post-submit = Lanjutkan

logout = Keluar?
logout-lead = { $app } meminta agar Anda keluar di sini. Setelah itu Anda keluar dari semua aplikasi yang Anda pakai lewat halaman ini.
logout-lead-unnamed = Keluar di sini berarti keluar dari semua aplikasi yang Anda pakai lewat halaman ini.
logout-who = Anda masuk sebagai { $name }.
logout-submit = Keluar
logout-stay = Tetap masuk

logout-address = Aplikasi mengirim alamat untuk setelah keluar yang tidak terdaftar baginya. Anda masih masuk.

device = Masuk di perangkat
device-lead = Ketik kode yang ditampilkan perangkat Anda.
device-code = Kode perangkat
device-submit = Lanjutkan

device-confirm = Izinkan { $client } masuk?
device-confirm-lead = Sebuah perangkat ingin masuk ke { $client } sebagai Anda, { $name }.
device-confirm-code = Layarnya menampilkan { $code }.
device-confirm-place = Permintaan datang dari { $place }.
device-confirm-since = Perangkat menunggu sejak { $when }.
device-confirm-offline = Perangkat dapat melanjutkan tanpa Anda sampai Anda keluar di sini.
device-confirm-warning = Izinkan hanya jika Anda sendiri yang memulai dan perangkat ada di depan Anda. Tidak ada yang membantu Anda yang memerlukan kode ini.
device-allow = Izinkan masuk
device-deny = Jangan izinkan

said-device-unknown = Tidak ada perangkat yang menunggu dengan kode ini. Kode berlaku sepuluh menit: minta perangkat menampilkan kode lain.
said-device-too-often = Terlalu banyak kode dicoba dari sini. Tunggu beberapa detik.
said-device-allowed = Perangkat Anda sudah masuk ke { $client }. Halaman ini dapat ditutup.
said-device-denied = Perangkat tidak diizinkan masuk.
