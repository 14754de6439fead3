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
