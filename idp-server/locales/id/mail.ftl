### Isi surat. Judul tampil di layar terkunci, jadi tidak memuat kode.

## Judul

mail-subject-code = Kode Anda untuk { $organisation }
mail-subject-address = Konfirmasikan alamat Anda untuk { $organisation }
mail-subject-notice = { $organisation }: { $event }
mail-subject-invite = Akun Anda di { $organisation }
mail-subject-recovery = Pulihkan akun Anda di { $organisation }
mail-subject-alarm = { $organisation }, { $who }: { $event }
mail-subject-approved = { $organisation }: pemulihan Anda disetujui
mail-subject-dismissed = { $organisation }: pemulihan Anda tidak disetujui

## Di sekitar setiap surat

mail-greeting = Halo { $name },
mail-end = Surat ini dikirim oleh { $organisation }. Balasan ke alamat ini tidak dibaca siapa pun.
mail-minutes = { $minutes ->
    [1] 1 menit
   *[other] { $minutes } menit
}
mail-when = Waktu: { $when }.
mail-where = Lewat: { $place }.
mail-from = Dari: { $from }.
mail-not-me = Jika bukan Anda yang melakukannya, segera buka tautan ini:
mail-tell = Jika bukan Anda yang melakukannya, segera beri tahu administrator Anda.

## Tempat masuk, di tengah kalimat

mail-door-web = masuk dengan peramban
mail-door-ssh = masuk lewat SSH
mail-door-console = masuk di konsol
mail-door-sudo = sudo
mail-door-su = su
mail-door-other = masuk

## Kode dan tautan

mail-code = Ini kode Anda untuk { $place }. Kode ini berlaku selama { $minutes }.
mail-code-not-you = Jika Anda tidak sedang masuk, seseorang mengetahui kata sandi Anda: ubahlah, dan beri tahu administrator Anda. Jangan berikan kode ini kepada siapa pun.
mail-address = seseorang yang masuk ke { $organisation } menyebut alamat ini sebagai miliknya. Jika itu Anda, ketikkan kode ini di sana. Kode berlaku selama { $minutes }.
mail-address-not-you = Jika itu bukan Anda, jangan berikan kode ini kepada siapa pun. Jika Anda punya akun di sana, mungkin seseorang mengetahui kata sandinya: ubah kata sandi itu, dan beri tahu pengelola Anda.
mail-change = Dengan kode ini Anda dapat mengubah cara masuk ke { $organisation }. Kode ini berlaku selama { $minutes }.
mail-change-not-you = Jika Anda tidak sedang mengubah akun, seseorang sedang masuk dengan akun itu: ubah kata sandi Anda, dan beri tahu administrator Anda. Jangan berikan kode ini kepada siapa pun.
mail-invite = Buka tautan ini untuk menetapkan kata sandi dan faktor kedua Anda untuk { $organisation }. Tautan ini berlaku satu kali, sampai { $until }.
mail-invite-not-you = Jika Anda tidak menunggu surat ini, beri tahu administrator Anda.
mail-recovery = Buka tautan ini untuk melanjutkan pemulihan akun Anda di { $organisation }. Tautan ini berlaku satu kali, selama { $minutes }.
mail-recovery-not-you = Jika Anda tidak memintanya, jangan buka tautan ini, dan beri tahu administrator Anda.
mail-new-address = seorang administrator { $organisation } memberikan alamat ini untuk akun Anda. Jika itu benar, buka tautan ini. Tautan ini berlaku sekali, sampai { $until }.
mail-new-address-not-you = Jika Anda tidak punya akun di sana, jangan buka tautan ini: maka tidak ada yang berubah.
mail-moved = seorang administrator telah mengubah alamat surel akun Anda menjadi { $address }. Sampai { $until } tidak ada kode atau tautan pembuka akun Anda yang dikirim ke sana.
mail-moved-confirm = Jika Anda mengetahui hal ini dan ingin segera memakai alamat baru itu, buka tautan ini:

## Kepada administrator, dan dari mereka

mail-alarm = Ini menyangkut { $who } di { $organisation }: { $event }.
mail-stop = Jika ini tidak boleh terjadi, hentikan di sini:
mail-approved = Administrator menyetujui pemulihan akun Anda. Saat masuk berikutnya, Anda menyiapkan faktor kedua lagi.
mail-dismissed = Administrator tidak menyetujui pemulihan akun Anda. Faktor kedua Anda tidak berubah.
mail-note = Catatan administrator: { $note }
mail-decision-not-you = Jika Anda tidak memintanya, segera beri tahu administrator Anda.

## Yang terjadi, sebagai judul

mail-title-authenticator-added = autentikator ditambahkan
mail-title-authenticator-removed = autentikator dihapus
mail-title-email-code-on = kode lewat surel diaktifkan
mail-title-email-code-off = kode lewat surel dimatikan
mail-title-recovery-codes-made = kode pemulihan baru dibuat
mail-title-recovery-code-used = kode pemulihan digunakan
mail-title-recovery-key-used = kunci pemulihan digunakan
mail-title-password-changed = kata sandi diubah
mail-title-address-changed = alamat surel diubah
mail-title-address-confirmed = alamat surel baru dikonfirmasi
mail-title-device-remembered = perangkat diingat
mail-title-device-reused = perangkat yang diingat telah disalin
mail-title-recovery-asked = pemulihan diminta
mail-title-recovery-approved = pemulihan disetujui
mail-title-factors-reset = semua faktor kedua dihapus
mail-title-disowned = sebuah surat memberitahukan hal yang tidak dilakukan pembacanya
mail-title-admin-link-asked = administrator hendak menghapus faktor keduanya sendiri lewat surel
mail-title-wrong-codes = banyak kode salah diketikkan
mail-title-held = faktor kedua ditahan setelah seratus kode salah
mail-title-lowered = yang diminta kini lebih sedikit
mail-title-admin-made = seseorang menjadi administrator
mail-title-api-token-made = token API dibuat
mail-title-removed = sebuah akun dihapus

## Yang terjadi, kepada pemilik akun

mail-authenticator-added = Autentikator ditambahkan ke akun Anda. Kodenya membuka semua tempat masuk Anda.
mail-authenticator-removed = Autentikator dihapus dari akun Anda. Kodenya tidak membuka apa pun lagi.
mail-email-code-on = Kode lewat surel diaktifkan untuk akun Anda.
mail-email-code-off = Kode lewat surel dimatikan untuk akun Anda.
mail-recovery-codes-made = Kode pemulihan baru dibuat untuk akun Anda. Kode yang lama tidak berlaku lagi.
mail-recovery-code-used = Salah satu kode pemulihan Anda digunakan. Kode itu tidak berlaku untuk kedua kalinya.
mail-recovery-key-used = Kunci pemulihan Anda digunakan. Kunci itu tidak berlaku untuk kedua kalinya.
mail-password-changed = Kata sandi akun Anda diubah.
mail-address-changed = Alamat surel akun Anda diubah.
mail-address-confirmed = Alamat surel baru akun Anda dikonfirmasi. Mulai sekarang kode dan tautan dikirim ke sana.
mail-device-remembered = Sebuah perangkat diingat untuk akun Anda: untuk sementara kode tidak diminta di sana.
mail-device-reused = Kuki perangkat yang diingat untuk akun Anda digunakan untuk kedua kalinya, seperti setelah pencurian. Semua perangkat yang diingat telah dilupakan.
mail-recovery-asked = Seseorang meminta pemulihan akun Anda.
mail-recovery-approved = Pemulihan akun Anda disetujui. Saat masuk berikutnya, faktor kedua disiapkan.
mail-factors-reset = Administrator menghapus semua faktor kedua akun Anda. Saat masuk berikutnya, Anda menyiapkannya lagi.
mail-disowned = Seseorang membuka tautan bagi yang tidak melakukannya dalam surat kepada Anda. Semua sesi Anda telah berakhir.
mail-admin-link-asked = Seseorang meminta tautan lewat surel yang dapat menghapus faktor kedua Anda.
mail-wrong-codes = sepuluh kode salah berturut-turut diketikkan untuk akun Anda, setelah kata sandi atau kunci Anda yang benar. Jika itu bukan Anda, seseorang mengetahuinya: segera ubah.
mail-held = seratus kode salah berturut-turut diketikkan untuk akun Anda, setelah kata sandi atau kunci Anda yang benar. Kode semacam itu tidak diterima lagi; kode pemulihan tetap dapat dipakai untuk masuk, dan pengelola dapat mencabut penahanan itu. Ubah kata sandi Anda.
mail-lowered = aturannya kini meminta lebih sedikit: dari semua orang, dari sebagian, atau di beberapa tempat. Konsol menunjukkan apa yang berubah.
mail-admin-made = akun Anda kini akun administrator.
mail-api-token-made = sebuah token dibuat yang memungkinkan program bertindak atas nama Anda.
mail-removed = akun Anda dihapus oleh administrator. Tidak ada lagi yang dapat masuk dengan akun itu.
