package raw

// window remembers which of the last Window numbers arrived: a ring of bits,
// the number modulo Window being its place. The zero value has seen nothing.
type window [Window / 64]uint64

func (w *window) has(number int64) bool {
	i := uint64(number) % Window
	return w[i/64]&(1<<(i%64)) != 0
}

func (w *window) set(number int64) {
	i := uint64(number) % Window
	w[i/64] |= 1 << (i % 64)
}

// skip marks count numbers from the given one as not arrived, over whatever
// older numbers had their places. It touches each word at most once.
func (w *window) skip(from, count int64) {
	if count >= Window {
		*w = window{}
		return
	}
	for count > 0 {
		i := uint64(from) % Window
		n := min(count, int64(64-i%64)) // up to the end of this word
		w[i/64] &^= (1<<n - 1) << (i % 64)
		from, count = from+n, count-n
	}
}
