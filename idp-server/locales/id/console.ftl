### Konsol: yang dimiliki semua halamannya, dan kata-kata kebijakan.

console = Konsol
console-overview = Ringkasan
console-users = Pengguna
console-all = Semua pengguna
console-requests = Permintaan
console-applications = Aplikasi
console-audit = Audit
console-settings = Pengaturan
console-security = Keamanan
console-why = Mengapa?
console-tokens = Token API
console-configuration = Konfigurasi
console-account = Akun Anda
console-waiting = { $count } menunggu

## Tingkat, pintu, dan yang menentukan

level-off = Mati
level-optional = Opsional
level-required = Wajib
door-web = Web
door-ssh = SSH
door-console = Konsol
door-sudo = sudo
door-su = su
door-other = Program lain
asked-disabled = Tidak ada: akun dinonaktifkan
asked-code = Sebuah kode
asked-set-up = Menyiapkan faktor kedua
asked-mail = Kode yang dikirim ke alamat yang dikenal, lalu menyiapkan faktor kedua
asked-late = Tidak ada: ditolak, karena waktu penyiapan sudah lewat
asked-code-then = Sebuah kode, lalu menyiapkan metode yang diizinkan
asked-unable = Tidak ada: ditolak, karena tidak ada metode yang diizinkan yang dapat disiapkan
asked-nothing = Tidak ada lagi
because-lock = Konfigurasi, yang mewajibkan semua orang
because-organisation = Aturan untuk seluruh organisasi
because-role = Aturan untuk peran { $role }
because-group = Aturan untuk grup { $group }
because-person = Aturan untuk orang ini
because-door = Aturan untuk pintu { $door }
place-client = Aplikasi web { $client }
because-client = Aturan untuk aplikasi web { $client }
because-exemption = Pengecualian { $id }
