### Yang dilihat aplikasi web dan orang satu sama lain: jawaban dalam perjalanan, dan keluar.

form-post = Kembali ke aplikasi
form-post-lead = Peramban Anda menyerahkan jawaban kami kepada aplikasi.
form-post-submit = Lanjutkan

login-create = Belum punya akun? Akun dibuat oleh { $organisation }: mintalah di sana. Anda akan mendapat tautan untuk menyiapkannya, lalu kembali ke aplikasi ini.

consent = Izinkan { $client } mengenal Anda?
consent-lead = { $client } di { $origin } tidak dijalankan oleh organisasi Anda. Jika Anda mengizinkan, aplikasi ini mengetahui:
consent-unverified = Belum diverifikasi.
consent-unverified-lead = Tidak ada orang dari organisasi Anda yang telah memeriksa aplikasi ini atau tahu siapa yang menjalankannya. Lanjutkan hanya jika Anda mengenalnya dan Anda sendiri yang memulai.
consent-who = Anda masuk sebagai { $name }.
consent-allow = Izinkan
consent-deny = Batal
consent-later = Anda dapat mencabutnya kapan saja: di halaman akun Anda, bagian Aplikasi.

learns-openid = Bahwa Anda punya akun di sini, dan sebuah nomor untuk mengenali Anda
learns-profile = Nama Anda, dan isi profil Anda lainnya
learns-email = Alamat surel Anda
learns-address = Alamat pos Anda
learns-phone = Nomor telepon Anda
learns-groups = Grup tempat Anda berada
learns-offline = Semua itu juga saat Anda tidak hadir, sampai Anda mencabutnya
learns-claims = Dari profil Anda juga: { $claims }

apps = Aplikasi
apps-lead = Aplikasi ini mengetahui sesuatu tentang Anda atau Anda sedang masuk di sana, atau Anda dapat masuk ke sana dari sini.
apps-none = Saat ini tidak ada aplikasi yang memiliki apa pun tentang Anda.
apps-consented = Anda mengizinkannya pada { $when }; izin ini diingat sampai { $until }.
apps-since = Masuk sejak { $when }
apps-offline = Berlanjut tanpa Anda sejak { $when }
apps-open = Buka
apps-open-name = Buka { $name }
apps-end = Cabut
apps-end-name = Cabut yang dimiliki { $name }
account-tab-apps = Aplikasi
account-said-app-ended = Aplikasi tidak lagi memiliki apa pun tentang Anda. Lain kali aplikasi akan bertanya lagi.

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
device-elsewhere = Lanjutkan di ponsel Anda
device-qr = Kode QR berisi alamat halaman ini dan kode perangkat
device-scan = Pindai kode QR dengan ponsel Anda, atau buka alamat ini di sana:

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
