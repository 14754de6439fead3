### The console's pages for tokens of programs.

tokens = Token API
tokens-lead = Yang ditunjukkan program pada API admin. Setiap token bertindak atas nama satu orang, dan tidak pernah melakukan lebih dari yang boleh orang itu lakukan.
tokens-new = Token baru
tokens-empty = Tidak ada program yang memiliki token.
tokens-all = Semua token
tokens-note = Untuk apa
tokens-note-hint = Tampil dalam daftar ini dan dalam audit.
tokens-user = Atas nama siapa
tokens-user-hint = Anda sendiri atau seorang pengawas. Administrator lain membuat tokennya sendiri.
tokens-scopes = Yang boleh dilakukan
tokens-scopes-hint = Boleh mengubah sesuatu belum berarti boleh membacanya. Token pengawas hanya melihat.
tokens-made = Dibuat
tokens-by = oleh { $name }
tokens-until = Berakhir
tokens-used = Terakhir dipakai
tokens-unused = Belum pernah
tokens-change = Ubah
tokens-delete = Hapus
tokens-delete-name = Hapus { $note }
tokens-deleted = Token dihapus. Tidak ada lagi program yang bertindak dengannya.
tokens-gone = Token itu sudah tidak ada.
tokens-back = Semua token
tokens-new-lead = Token berakhir saat kata sandi, faktor kedua, peran, atau akun orangnya berubah, dan saat sesinya diakhiri.
tokens-days = Untuk berapa hari
tokens-days-hint = 1 sampai 365. Tidak ada token tanpa akhir.
tokens-make = Buat token
tokens-one = Token untuk { $note }
tokens-once = Salin sekarang. Token tidak ditampilkan lagi.
tokens-token = Token
tokens-description = Yang dibukanya
tokens-copy = Salin token
tokens-ends = Siapa pun yang memilikinya boleh melakukan yang Anda centang. Simpan di tempat yang hanya dapat dibaca program itu, dan hapus di sini bila programnya sudah tidak ada.

## What a token may

tokens-users-read = Melihat orang dan keadaannya
tokens-users-write = Menambah, mengubah, dan menghapus orang
tokens-admins-write = Melakukan itu juga untuk administrator, dan mengangkat administrator: dengan ini sebuah program bisa menjadi administrator
tokens-requests-read = Melihat siapa yang meminta pemulihan
tokens-requests-write = Menjawab permintaan itu
tokens-clients-read = Melihat aplikasi
tokens-clients-write = Menambah, mengubah, mencoba, dan menghapus aplikasi
tokens-policy-read = Melihat apa yang diminta dari siapa, dan mengapa
tokens-policy-write = Mengubah apa yang diminta dari siapa
tokens-policy-switch = Juga menyalakan atau mematikan faktor kedua untuk semua orang
tokens-audit-read = Melihat apa yang telah terjadi dan bagaimana keadaannya
tokens-configuration-read = Melihat bagaimana server disiapkan

## What has to be corrected

tokens-bad-scopes = Centang setidaknya satu hal yang boleh dilakukan.
tokens-not-for-them = { $name } tidak boleh melakukannya, jadi tokennya pun tidak. Pengawas melihat; administrator mengubah.
tokens-not-theirs = { $name } adalah administrator lain, yang membuat tokennya sendiri.
tokens-disabled = Akun { $name } dinonaktifkan.
tokens-bad-note = Tulis untuk apa, paling banyak 128 karakter.
tokens-bad-days = Token berlaku 1 sampai 365 hari.
tokens-too-many = { $name } memiliki 20 token. Hapus satu yang tidak diperlukan lagi.
tokens-bad-user = Tidak ada orang dengan nama itu.
