package lossy

// batch is for how many packets numbers are drawn at a time where that is work:
// a normal deviate is a hundred operations of which each waits for the last, and
// a packet that waits for them all costs two to three times what it costs as one
// of several whose numbers do not depend on each other.
const batch = 16

// batchOf holds what was drawn for the packets of a batch, which is a function of
// their index alone: so it does not matter when it was. The zero value holds none.
type batchOf[T any] struct {
	values [batch]T
	number uint64 // of the batch, from 1
}

// lacks says whether the packet is of another batch.
func (b *batchOf[T]) lacks(index uint64) bool { return b.number != index/batch+1 }

// begin notes that the values will be those of the packet's batch, and returns
// the first packet of it.
func (b *batchOf[T]) begin(index uint64) (first uint64) {
	b.number = index/batch + 1
	return index / batch * batch
}

func (b *batchOf[T]) at(index uint64) T { return b.values[index%batch] }

// normals draws standard normal deviates.
func (s stream) normals(first uint64, z *[batch]float64) {
	for i := range z {
		z[i] = s.open(first + uint64(i))
	}
	for i := range z {
		z[i] = normalQuantile(z[i])
	}
}
