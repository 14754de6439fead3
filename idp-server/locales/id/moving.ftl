# Yang diambil alih dari program lain.

moving-weak = rahasia lemah: minta penyiapan yang baru
