### The console's pages for applications.

clients = Aplikasi
clients-lead = Aplikasi yang dimasuki orang melalui server ini.
clients-empty = Belum ada aplikasi yang terdaftar.
clients-count = { $first } sampai { $last } dari { $count } aplikasi
clients-all = Semua aplikasi
clients-damaged-why = Barisnya tidak ditulis oleh Twolatch: tidak ada yang bisa masuk ke sana. Hapus dengan twolatch client delete, lalu daftarkan lagi.
client = { $name }
client-back = Kembali ke { $name }
client-about = Tentang aplikasi ini
client-details = Untuk pembuatnya

## What is known of an application

client-name = Nama
client-id = ID klien
client-kind = Jenis
client-state = Keadaan
client-enabled = Aktif
client-disabled = Nonaktif
client-kind-server = Aplikasi web dengan rahasia
client-kind-browser = Aplikasi di browser, tanpa rahasia
client-kind-native = Aplikasi di perangkat orang sendiri
client-kind-machine = Program yang meminta atas namanya sendiri
client-kind-device = Perangkat tanpa browser
client-kind-proxy = Aplikasi di belakang proksi
client-trust = Milik siapa
client-trust-first = Milik Anda: orang tidak ditanya apa yang boleh diketahuinya
client-trust-third = Milik pihak lain: orang ditanya apa yang boleh diketahuinya
client-trust-unverified = Belum diperiksa siapa pun: orang ditanya, dan sedikit yang diketahuinya
client-unverified = Aplikasi ini mendaftar sendiri, dan belum diperiksa siapa pun
client-groups = Siapa yang boleh masuk
client-everybody = Semua orang
client-hosts = Host-nya di belakang proksi
client-redirect-uris = Tempat kembali setelah masuk (redirect URI)
client-after-logout = Tujuan browser setelah keluar
client-logout-uri = Tempat aplikasi diberi tahu bahwa seseorang keluar (back-channel logout)
client-logo = Alamat logonya
client-created = Terdaftar
client-proves = Cara membuktikan diri
client-proves-basic = Dengan rahasianya, di header (client_secret_basic)
client-proves-post = Dengan rahasianya, di formulir (client_secret_post)
client-proves-key = Dengan kuncinya sendiri (private_key_jwt)
client-proves-none = Tidak sama sekali: tidak bisa menyimpan rahasia (none)
client-pkce = PKCE
client-pkce-required = Wajib
client-pkce-waived = Tidak wajib: siapa pun yang mencuri kode di browser bisa memakainya
client-alg = Token ID ditandatangani dengan
client-grants = Cara meminta token
client-scopes = Yang boleh diminta atas namanya sendiri
client-introspects = Token siapa yang boleh ditanyakan
client-claims = Klaim buatan Anda yang diberitahukan
client-demands = Diwajibkan memakai
client-keys = Kunci publiknya
client-access-tokens = Token akses
client-access-jwt = Ditandatangani (JWT)
client-audiences = API yang dituju
client-userinfo = Jawaban di userinfo ditandatangani dengan
client-disabled-since = Nonaktif sejak { $when }: tidak ada yang bisa masuk.
client-former-until = Rahasia sebelumnya juga berlaku sampai { $when }. Pasang yang baru di aplikasi sebelum itu.
client-former-gone = Tidak ada rahasia lain yang berlaku lagi: sebelum aplikasi memakai yang ini, tidak ada yang bisa masuk.

## What there is to do

client-do-name = Ganti nama
client-do-redirect-uris = Ubah tempat kembali setelah masuk
client-do-after-logout = Ubah tujuan setelah keluar
client-do-logout-uri = Beri tahu bila seseorang keluar
client-do-logo = Ubah logonya
client-do-groups = Pilih siapa yang boleh masuk
client-do-hosts = Ubah host-nya
client-do-secret = Perbarui rahasia
client-do-disable = Nonaktifkan
client-do-enable = Aktifkan
client-do-delete = Hapus
client-save = Simpan
client-changed = Sudah diubah.
client-meanwhile = Tidak ada yang diubah: orang lain baru saja mengubah atau menghapus aplikasi ini. Lihat lagi, lalu ulangi yang masih perlu.
client-no-secret = Aplikasi ini tidak punya rahasia: ia publik, atau punya kunci sendiri.

client-name-title = Ganti nama { $name }
client-name-shown = Orang membaca nama ini saat masuk.
client-name-hint = 1 sampai 64 karakter
client-name-done = Namanya sudah diganti.

client-redirect-title = Tempat kembali setelah masuk ke { $name }
client-redirect-exact = Aplikasi harus mengirim salah satu alamat ini persis, huruf demi huruf. Dokumentasinya menyebutnya redirect URI atau callback URL.
client-redirect-gone = Proses masuk yang sedang berjalan ke alamat yang Anda hapus akan gagal.
client-redirect-hint = Satu alamat per baris, misalnya https://app.example.org/callback
client-redirect-done = Alamatnya sudah diubah.

client-after-title = Tujuan setelah keluar dari { $name }
client-after-only = Setelah keluar atas permintaan aplikasi, browser pergi ke salah satu alamat ini dan tidak ke tempat lain.
client-after-hint = Satu alamat per baris; kosong jika browser tetap di sini
client-after-done = Alamatnya sudah diubah.

client-logout-title = Memberi tahu { $name } bila seseorang keluar
client-logout-called = Saat seseorang keluar di sini, server ini memanggil alamat itu. Dokumentasinya menyebutnya back-channel logout URI.
client-logout-hint = Alamat https yang bisa dijangkau server ini; kosong jika tidak diberi tahu
client-logout-done = Alamatnya sudah diubah.

client-logo-title = Logo { $name }
client-logo-shown = Orang melihatnya di samping nama aplikasi saat ditanya apa yang boleh diketahui aplikasi itu, dan di daftar aplikasi mereka.
client-logo-kept = Server ini mengambil gambarnya, menggambarnya ulang, dan menyimpannya selama sehari. Browser tidak pernah memanggil alamat itu.
client-logo-hint = Alamat https sebuah gambar PNG, JPEG, WebP, atau GIF berukuran paling besar 64 KiB dan 1024 × 1024 piksel; kosong jika tidak ada
client-uri-https = { $uri } harus diawali https://
client-logo-done = Logonya sudah diubah.

client-do-trust = Tentukan milik siapa
client-trust-title = Milik siapa { $name }?
client-trust-look = Periksa dulu alamat pengalihan dan namanya: yang Anda setujui adalah yang ada di halamannya sekarang.
client-trust-frozen = Aplikasi yang mendaftarkan dirinya tidak bisa mengubah apa pun lagi setelah Anda menentukan milik siapa, dan logonya dihapus: tentukan logo yang Anda kenal.
client-trust-choose = Pilih milik siapa.
client-trust-done = Milik siapa aplikasi itu sudah ditentukan.

client-groups-title = Siapa yang boleh masuk ke { $name }
client-groups-only = Hanya anggota salah satu grup ini; jika kosong, semua orang boleh.
client-groups-at-once = Ini langsung berlaku, juga bagi yang sedang masuk di sana.
client-groups-hint = Nama grup, dipisahkan dengan spasi
client-groups-done = Siapa yang boleh masuk sudah diubah.

client-hosts-title = Host { $name }
client-hosts-proxy = Di host ini proksi bertanya ke sini siapa yang boleh lewat. Aplikasi lain tidak bisa memakainya.
client-hosts-hint = Satu host per baris, misalnya app.example.org
client-hosts-done = Host-nya sudah diubah.
client-bad-host = “{ $host }” bukan host. Ketik seperti yang dikirim browser, misalnya app.example.org: huruf kecil, dengan port hanya jika bukan 443.
client-host-taken = Aplikasi { $client } memakai host { $host }. Lepaskan dulu di sana.
client-host-own = { $host } adalah host server ini sendiri. Aplikasi itu perlu host lain.

client-secret-title = Perbarui rahasia { $name }
client-secret-shown = Rahasia baru ditampilkan satu kali. Siapkan pengaturan aplikasinya.
client-secret-leaked = Jika rahasia itu sudah diketahui orang lain, akhiri yang lama sekarang.
client-secret-submit = Buat rahasia baru
client-keep = Rahasia sebelumnya berlaku selama
client-keep-none = Tidak sama sekali: berakhir sekarang
client-keep-hours = { $count } jam lagi
client-keep-days = { $count } hari lagi
client-secret = Rahasia
client-secret-new = Rahasia baru untuk { $name }
client-secret-once = Salin ke aplikasi sekarang: ini tidak akan ditampilkan lagi.
client-secret-copy = Salin rahasia

client-disable-title = Nonaktifkan { $name }?
client-disable-nobody = Tidak ada yang bisa masuk ke sana, dan semua yang dipegangnya tidak berlaku sementara itu.
client-disable-keeps = Pengaturannya tetap ada, sampai Anda mengaktifkannya lagi.
client-disable-submit = Nonaktifkan
client-disable-done = Aplikasi itu nonaktif.

client-enable-title = Aktifkan { $name }?
client-enable-again = Orang bisa masuk ke sana lagi.
client-enable-submit = Aktifkan
client-enable-done = Aplikasi itu aktif.

client-delete-title = Hapus { $name }?
client-delete-all = Tidak ada lagi yang bisa masuk ke sana, dan semua tokennya tidak berlaku sejak sekarang.
client-delete-forever = Ini tidak bisa dikembalikan: untuk memakainya lagi, daftarkan dari awal dengan rahasia baru.
client-delete-instead = Jika hanya untuk sementara, nonaktifkan saja.
client-delete-submit = Hapus
client-deleted = { $name } sudah dihapus.

## How it is used, and what went wrong

client-used = Terakhir dipakai
client-not-lately = Tidak dalam 30 hari
client-usage = Pemakaian
client-unused = Tidak ada yang masuk ke sana dalam 30 hari terakhir.
client-uses = Seberapa sering dipakai
client-no-troubles = Tidak ada yang salah dalam 30 hari terakhir.
client-troubles = Apa yang salah, dan apa yang perlu dilakukan
client-happened = Kejadian
client-in-a-day = 24 jam
client-in-a-month = 30 hari
client-last = Terakhir
client-told = Pemberitahuan keluar dalam seminggu terakhir
client-told-taken = Diberi tahu
client-told-waits = Menunggu percobaan berikutnya
client-told-given-up = Dihentikan
client-tries = Percobaan
client-trouble = Hambatannya
happened-signed-in = Seseorang masuk
happened-own-token = Aplikasi mendapat token atas namanya sendiri
happened-redirect-uri = Aplikasi meminta jawaban ke alamat yang tidak terdaftar
happened-proof = Aplikasi tidak bisa membuktikan diri
happened-pkce = PKCE tidak ada atau salah
happened-code = Kodenya terlalu lama, sudah dipakai, atau bukan miliknya
happened-refresh-token = Refresh token-nya terlalu lama, sudah dipakai, atau bukan miliknya
happened-scope = Aplikasi meminta cakupan yang tidak boleh dimilikinya
happened-grant = Aplikasi meminta token dengan cara yang tidak terdaftar
happened-request-object = Permintaan bertanda tangannya tidak baik, atau tidak ada
happened-dpop = Bukti DPoP-nya tidak baik, atau tidak ada
happened-malformed = Aplikasi mengirim permintaan yang tidak sesuai standar
happened-groups = Seseorang tidak ada di satu pun grupnya
happened-person = Seseorang tidak bisa lanjut: sudah tidak ada, nonaktif, atau kini diminta lebih banyak
happened-disabled = Aplikasi dipakai saat nonaktif
advice-redirect-uri = Bandingkan redirect URI di pengaturan aplikasi dengan yang di atas: setiap huruf penting, juga garis miring di akhir dan http atau https. Log server berisi alamat yang dikirimnya.
advice-proof = Ketik lagi ID klien dan rahasia di aplikasi, atau perbarui rahasianya. Pastikan rahasia dikirim seperti tertulis di bawah (basic atau post), dan jamnya benar jika ia menandatangani.
advice-pkce = Aktifkan PKCE dengan S256 di aplikasi. Jika tidak bisa PKCE, daftarkan dengan twolatch client add --no-pkce.
advice-code = Sebuah kode berlaku satu kali, sebentar saja. Pastikan aplikasi tidak memakainya dua kali, cepat menjawab, dan orang tidak membuka alamat lama.
advice-refresh-token = Refresh token berlaku satu kali. Pastikan aplikasi menyimpan yang terbaru, dan tidak ada dua salinan yang berbagi. Orang itu perlu masuk lagi.
advice-scope = Mintalah openid dan, dari profile, email, address, phone, dan groups, yang diperlukan. Cakupan sendiri diberikan dengan twolatch client set --scope.
advice-grant = Lihat di bawah cara ia boleh meminta token; twolatch client set --grant mengubahnya.
advice-request-object = Periksa kunci yang terdaftar untuknya, jamnya, dan apakah ia mengirim permintaan bertanda tangan jika diwajibkan.
advice-dpop = Periksa jam aplikasi dan apakah ia mengirim bukti DPoP pada setiap permintaan, untuk alamat itu.
advice-malformed = Log server menyebutkan apa yang salah. Sering kali pustakanya sudah lama: pakai yang terbaru, dengan authorization code flow.
advice-groups = Jika orang itu memang boleh masuk, masukkan ke salah satu grupnya, atau ubah siapa yang boleh masuk.
advice-person = Orang itu perlu masuk lagi. Yang diminta darinya ada di Pengaturan, Mengapa?
advice-disabled = Aktifkan jika masih diperlukan; jika tidak, hapus, juga dari tempat orang masih membukanya.

## Test sign-in

client-do-test = Coba masuk
client-test = Coba masuk ke { $name }
client-test-lead = Yang akan diketahui aplikasi jika seseorang masuk sekarang. Tidak ada yang benar-benar masuk, dan tidak ada token yang dibuat.
client-test-scopes = Yang diminta aplikasi
client-test-submit = Tampilkan
client-test-outcome = { $person } akan
client-test-in = Masuk.
client-test-set-up = Masuk, setelah menyiapkan faktor kedua.
client-test-refused = Ditolak: kebijakan atau akunnya tidak mengizinkan.
client-test-groups = Ditolak: tidak ada di satu pun grup aplikasi itu.
client-test-disabled = Ditolak: aplikasi itu nonaktif.
client-test-nobody = Tidak bisa masuk: aplikasi itu hanya meminta atas namanya sendiri.
client-test-acr = Seberapa yakin aplikasi (acr)
client-test-headers = Header di belakang proksi
client-test-id-token = Token ID
client-test-userinfo = Userinfo
client-test-access = Token akses

## One more

clients-new = Tambah aplikasi
clients-new-lead = Aplikasi apa itu?
clients-new-other = Pilih yang lain
clients-new-submit = Daftarkan
client-address = Alamatnya
client-address-hint = Tempat orang membukanya, misalnya https://app.example.org
client-native-hint = Satu alamat per baris, misalnya org.example.app:/callback atau http://127.0.0.1/callback
client-scopes-hint = Kata-kata dari API-nya, dipisahkan dengan spasi, misalnya jobs:read
client-groups-new = Nama grup, dipisahkan dengan spasi; kosong untuk semua orang
client-id-hint = Sebutan aplikasi ini. Pakai yang diusulkan, atau ketik sendiri.
client-id-taken = Sudah ada aplikasi dengan ID { $id }. Pilih yang lain.
client-bad-id = ID klien berisi 1 sampai 64 huruf, angka, “.”, “_”, atau “-”, dan bukan 26 karakter a–z dan 2–7.
client-bad-scope = Cakupan berisi 1 sampai 64 huruf, angka, “.”, “_”, “:”, “/”, atau “-”, dan bukan cakupan tentang orang seperti openid.
client-host-missing = Harus ada setidaknya satu host.
client-made = { $name } sudah terdaftar
client-made-without = Aplikasi ini tidak punya rahasia. Ketik ini di pengaturannya.
client-lines = Yang diketik di aplikasi itu
client-lines-file = Masukkan baris-baris ini ke { $file }:
client-lines-shell = Jalankan perintah ini di mesinnya:
preset-server = Aplikasi web di server
preset-server-hint = Bisa menyimpan rahasia. Kebanyakan aplikasi termasuk jenis ini.
preset-browser = Aplikasi di browser
preset-browser-hint = Hanya berjalan di browser orang (SPA), dan tidak bisa menyimpan rahasia.
preset-native = Aplikasi di perangkat orang
preset-native-hint = Di ponsel dan komputer: tidak bisa menyimpan rahasia.
preset-machine = Program yang meminta atas namanya sendiri
preset-machine-hint = Tidak ada yang masuk: sebuah tugas atau layanan mendapat token untuk API.
preset-proxy = Aplikasi di belakang proksi
preset-proxy-hint = Tidak mengenal OpenID Connect: nginx, Caddy, atau Traefik bertanya ke sini siapa yang boleh lewat. Baris untuk mereka ada di /usr/share/doc/twolatch/proxy.
preset-named = { $name }
preset-named-hint = Dengan { $what }
preset-issuer = Penerbit (issuer)
preset-discovery = Discovery
preset-authorize = Authorization endpoint
preset-token = Token endpoint
preset-introspect = Introspection endpoint, untuk API-nya
preset-userinfo = Userinfo endpoint
preset-jwks = Kunci publik (JWKS)
preset-logout = End-session endpoint
preset-forward = Tempat Caddy dan Traefik bertanya
preset-forward-nginx = Tempat nginx bertanya

## What is wrong with what was typed

client-bad-name = Nama berisi 1 sampai 64 karakter, tanpa karakter kontrol.
client-uri-long = { $uri } lebih panjang dari 2048 byte.
client-uri-character = { $uri } berisi “{ $character }”. Tidak ada karakter pengganti, dan karakter seperti itu ditulis dengan kode persen.
client-uri-fragment = { $uri } punya bagian setelah “#”. Hilangkan bagian itu.
client-uri-scheme = { $uri } bukan alamat. Ketik yang diawali https://, atau untuk aplikasi di perangkat orang misalnya org.example.app:/callback.
client-uri-http = { $uri } tidak terenkripsi. Pakai https; http hanya untuk localhost, 127.0.0.1, dan [::1].
client-uri-host = { $uri } tidak menyebut host. Ketik dengan huruf kecil, misalnya https://app.example.org/callback.
client-uri-user = { $uri } berisi nama pengguna atau kata sandi sebelum host. Hilangkan itu.
client-uri-dots = { $uri } berisi “.” atau “..” sebagai langkah di jalurnya. Ketik jalur yang dimaksud.
client-uri-private = { $uri } memakai skema sendiri, yang hanya boleh untuk aplikasi tanpa rahasia. Pakai https.
client-uri-uncallable = { $uri } tidak bisa dipanggil dari sini. Pakai https.
client-uri-missing = Harus ada setidaknya satu alamat: ke sanalah orang dikembalikan.
client-unfit = Itu tidak cocok satu sama lain: { $why }
