### Halaman untuk kegagalan: judul, dan apa yang dapat dilakukan.

failure-home = Ke halaman masuk
failure-reference = Jika Anda meminta bantuan, sebutkan nomor rujukan ini:

no-form = Formulir itu tidak dapat dibaca
no-form-text = Tidak ada yang diubah. Kembalilah, muat ulang halaman, lalu coba lagi.
stale = Halaman ini sudah kedaluwarsa
stale-text = Tidak ada yang diubah. Formulir itu berasal dari kunjungan sebelumnya atau dari situs lain. Mulailah lagi dari sini.
look-only = Anda boleh melihat, tetapi tidak mengubah apa pun
look-only-text = Tidak ada yang diubah. Administrator dapat melakukannya.
not-allowed = Anda tidak dapat melakukannya sekarang
not-allowed-text = Tidak ada yang diubah. Akun Anda baru saja diubah, atau Anda masuk lewat tautan email kurang dari 72 jam yang lalu dan harus menyerahkan hal ini kepada administrator lain.
no-page = Halaman itu tidak ada
no-page-text = Alamatnya mungkin tidak lengkap, atau halamannya sudah dipindahkan.
no-method = Itu tidak dapat dilakukan di sini
no-method-text = Buka halaman dengan cara biasa, lalu coba lagi.
slow = Itu terlalu lama
slow-text = Tidak ada yang diubah. Periksa sambungan Anda, lalu coba lagi.
link-over = Tautan ini tidak dapat digunakan lagi
link-over-text = Tautan ini sudah digunakan, sudah kedaluwarsa, atau diganti dengan yang lebih baru. Jika akun Anda sudah siap, silakan masuk. Jika belum, mintalah tautan baru kepada pengirimnya.
other-browser = Tautan ini milik peramban lain
other-browser-text = Tidak ada yang diubah. Bukalah tautan itu di peramban tempat Anda memintanya, dalam 15 menit.
large = Itu terlalu banyak sekaligus
large-text = Tidak ada yang diubah. Kembalilah dan kirim lebih sedikit.
misdirected = Ini bukan alamat yang benar
misdirected-text = Gunakan alamat yang diberikan kepada Anda untuk masuk.
busy = Terlalu banyak orang sekaligus
busy-text = Tidak ada yang diubah. Tunggu beberapa detik, lalu coba lagi.
unavailable = Saat ini Anda belum dapat masuk
unavailable-text = Ini bukan kesalahan Anda, dan tidak ada yang salah dengan yang Anda ketikkan. Coba lagi sebentar lagi.
internal = Terjadi kesalahan di pihak kami
internal-text = Kesalahan ini telah dicatat, dan mencoba lagi mungkin membantu. Jika terus terjadi, beri tahu pengelola sistem ini.

## Permintaan aplikasi web yang tidak dapat dijawab: /authorize

not-possible = Proses masuk ini tidak dapat dilanjutkan
request-damaged = Permintaannya rusak.
request-long = Permintaan aplikasi itu terlalu panjang.
request-unknown = Aplikasi mengirim Anda ke sini dengan alamat atau nama yang tidak terdaftar. Kembalilah ke aplikasi dan coba lagi; jika tetap begini, beri tahu pengelolanya.
request-address = Aplikasi hendak mengirim Anda ke alamat yang tidak terdaftar untuknya. Tidak ada yang dikirim ke sana. Jika Anda mengelola aplikasi itu, daftarkan alamatnya persis seperti yang digunakan.
request-stale = Proses masuk ini terlalu lama atau dimulai di tempat lain. Kembalilah ke aplikasi dan masuklah dari sana.
forward-refused = Alamat ini tidak dilayani di sini.
forward-sign-in = Masuklah dahulu: buka kembali halaman ini di peramban Anda.
forward-too-little = Yang Anda tunjukkan saat masuk belum cukup untuk aplikasi ini dari tempat Anda berada.
forward-not-yours = Anda sudah masuk, tetapi { $app } hanya untuk anggota grup tertentu. Jika Anda memerlukannya, hubungi pengelolanya.
request-unverified = Permintaan aplikasi ini tidak dapat dijawab. Tidak ada yang dikirim kepadanya: belum ada orang dari organisasi Anda yang memeriksa aplikasi ini.
request-unavailable = Layanan masuk sedang bermasalah. Coba lagi beberapa menit lagi.
