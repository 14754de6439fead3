### What administrators see: the overview, the audit, the configuration; and what they are told of at once.

## Alerts by mail

mail-subject-alerts = { $organisation }: peringatan
mail-alerts = Hal berikut baru saja terjadi di { $organisation }, dan Anda perlu diberi tahu. Semua catatan ada di audit.
mail-alert-wrong-codes = { $count } kode salah dari { $who } dalam satu jam, setelah faktor pertama yang benar
mail-alert-wrong-codes-in-all = { $count } kode salah dari semua orang dalam satu jam, setelah faktor pertama yang benar
mail-alerts-more = Dan { $count } lagi ({ $events }); lihat audit.

## The audit

audit = Audit
audit-caption = Apa yang terjadi, yang terbaru lebih dulu
audit-life = Semua tentang { $name }, yang terbaru lebih dulu
audit-person = Orang
audit-event = Peristiwa
audit-result = Hasil
audit-door = Pintu
audit-client = Klien
audit-since = Dari (UTC)
audit-until = Sampai (UTC)
audit-any = Semua
audit-ok = ok
audit-refused = ditolak, apa pun alasannya
audit-search = Cari
audit-when = Kapan
audit-actor = Oleh
audit-from = Dari
audit-detail = Rincian
audit-csv = Unduh sebagai CSV
audit-json = Unduh sebagai baris JSON
audit-verify = Periksa keutuhannya
audit-none = Tidak ada catatan seperti itu di sini. Kosongkan salah satu kolom, atau pilih waktu yang lebih panjang.
audit-pages = Halaman
audit-newest = Terbaru
audit-older = Lebih lama
audit-reached = Dicari sampai { $when }.
audit-back = Kembali ke audit
audit-bad-event = Tidak ada peristiwa seperti itu. Pilih salah satu dari daftar.
audit-bad-result = Tidak ada hasil seperti itu. Pilih salah satu dari daftar.
audit-bad-door = Tidak ada pintu seperti itu. Pilih salah satu dari daftar.
audit-bad-client = Itu bukan id klien: huruf, angka, titik, garis bawah, dan tanda hubung.
audit-bad-time = Itu bukan waktu. Tulis seperti ini: 2026-03-03T14:05.

## Whether it is whole

verify = Apakah audit utuh?
verify-lead = Setiap catatan punya tanda sendiri, dan tautan mengikat semuanya. Apa pun yang diubah, dihapus, atau ditambah oleh tangan lain akan ditemukan.
verify-whole = Audit utuh: setiap catatan masih seperti saat ditulis.
verify-broken = Audit tidak lagi seperti saat ditulis. Kesalahan pertama disebut lebih dulu:
verify-more = Buat salinan basis data apa adanya, dan cari tahu siapa yang dapat menulis ke sana. twolatch audit verify menyebut semuanya.
verify-running = { $count } catatan sudah dibaca; ini berlanjut sendiri.
verify-look-again = Lihat lagi
verify-failed = Basis data tidak menjawab. Alasannya ada di log server.
verify-begun = Diperiksa
verify-records = Catatan
verify-links = Tautan
verify-unlinked = Belum tertaut
verify-tail = Apakah ujungnya masih ada?
verify-tail-text = Jejak yang dipotong di ujungnya tampak utuh. Server menulis kepala tautannya ke jurnal setiap detik: bandingkan dengan perintah ini di server.

## The configuration

configuration = Konfigurasi
configuration-lead = Inilah yang dibaca server dari { $file } saat dimulai. Perubahan di sana berlaku sejak server dimulai kembali.
configuration-caption = Setiap nilai, dan dari mana asalnya
configuration-key = Kunci
configuration-in-force = Berlaku
configuration-from = Dari
configuration-value = { $value }
configuration-set = diatur, dan tidak ditampilkan
configuration-none = tidak diatur
configuration-line = Baris { $line }
configuration-file = Baris { $line }: berkas { $file }
configuration-default = Bawaan

## The overview

overview = Ikhtisar
overview-protected = Siapa yang terlindungi
overview-share = { $percent } persen dari semua orang diminta faktor kedua.
overview-nobody = Belum ada siapa pun. Tambahkan orang dulu: di halaman Pengguna, atau dengan twolatch user add.
overview-people = Semua orang menurut faktor kedua
overview-state = Faktor kedua
overview-count = Orang
overview-percent = Bagian
overview-activated = Aktif
overview-pending = Tertunda
overview-disabled = Nonaktif
overview-who-pends = Siapa yang masih harus menyiapkan
overview-by-age = Menurut umur akun
overview-by-group = Menurut kelompok, yang terbanyak lebih dulu
overview-age = Umur
overview-group = Kelompok
overview-age-day = Sampai satu hari
overview-age-week = Sampai satu minggu
overview-age-month = Sampai 30 hari
overview-age-longer = Lebih lama
overview-failed = Kode yang ditolak
overview-failed-none = Tidak ada kode yang ditolak dalam { $days } hari terakhir.
overview-failed-caption = Kode yang ditolak dalam { $days } hari terakhir, menurut hari (UTC) dan pintu
overview-as-table = Hal yang sama sebagai tabel
overview-day = Hari
overview-all-doors = Semua pintu
overview-requests = Permintaan
overview-waiting = { $count } orang kehilangan faktor kedua dan menunggu jawaban.
overview-to-requests = Jawab
overview-none-waits = Tidak ada yang menunggu bantuan.
overview-events = Yang baru saja terjadi
overview-no-events = Belum terjadi apa-apa.
overview-to-audit = Seluruh audit
overview-health = Server
overview-look = Lihat ini:
overview-database = Basis data
overview-answers = menjawab: { $what }
overview-mail = Surel
overview-no-mail = belum disiapkan: tidak ada yang dikirim. Bagian [mail] pada konfigurasi mengaturnya.
overview-mail-none = tidak ada yang menunggu dikirim
overview-mail-waits = { $count } surat menunggu
overview-mail-deferred = { $count } surat menunggu, { $deferred } di antaranya tidak diterima pada percobaan pertama. Alasannya ada di log server.
overview-trouble = Gangguan terakhir: { $when }, { $why }
overview-alerting = Peringatan
overview-no-alerts = belum disiapkan: tidak ada yang langsung diberi tahu. Bagian [alerts] pada konfigurasi mengaturnya.
overview-alerts = dikirim
overview-alerts-deferred = { $count } peringatan tidak dapat dikirim ke webhook dan dicoba lagi. Alasannya ada di log server.
overview-keys = Kunci
overview-keys-there = { $ring } di gantungan kunci, { $signing } untuk menandatangani token
