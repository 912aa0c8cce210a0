package ppmd

// numIndexes is the number of block lengths: 1 to 4 units by one, to 12 by two, to 24 by three, to 128 by four.
const numIndexes = 38

const maxUnits = 128 // 256 states

// gluePeriod is the number of failed allocations between two joinings of free blocks.
const gluePeriod = 1 << 13

// lengths are the tables between a block's length in units and its index.
type lengths struct {
	units [numIndexes]uint32
	index [maxUnits + 1]int // the smallest block that holds so many
}

var blocks = func() (l lengths) {
	k := 0
	for i := range numIndexes {
		for range min(i/4+1, 4) {
			k++
			l.index[k] = i
		}
		l.units[i] = uint32(k)
	}
	return l
}()

// allocator hands out blocks of units between unitsStart and the end of the memory. Its choices are part of the format: they decide when
// the memory is full.
type allocator struct {
	arena
	size           uint32
	text           ref // end of the text, which grows from the beginning
	unitsStart     ref // all below is text or free for it
	loUnit, hiUnit ref // never used yet lies between
	freeList       [numIndexes]ref
	stamps         [numIndexes]uint32 // blocks in a list
	glueCount      uint32
}

// reset frees all. An eighth of the memory is for text.
func (a *allocator) reset() {
	a.freeList, a.stamps, a.glueCount = [numIndexes]ref{}, [numIndexes]uint32{}, 0
	a.text, a.hiUnit = 0, a.size
	a.unitsStart = a.size - a.size/8/unitSize*7*unitSize
	a.loUnit = a.unitsStart
}

func (a *allocator) insert(n ref, i int) {
	a.setStamp(n, emptyNode)
	a.setNext(n, a.freeList[i])
	a.setUnits(n, blocks.units[i])
	a.freeList[i] = n
	a.stamps[i]++
}

func (a *allocator) remove(i int) ref {
	n := a.freeList[i]
	a.freeList[i] = a.next(n)
	a.stamps[i]--
	return n
}

// insertUnits frees nu units, in two blocks where no block is so long.
func (a *allocator) insertUnits(n ref, nu uint32) {
	i := blocks.index[nu]
	if blocks.units[i] != nu {
		i--
		k := blocks.units[i]
		a.insert(n+k*unitSize, int(nu-k-1))
	}
	a.insert(n, i)
}

// split frees what a block of index from has more than one of index to.
func (a *allocator) split(n ref, from, to int) {
	a.insertUnits(n+blocks.units[to]*unitSize, blocks.units[from]-blocks.units[to])
}

// guard ends the row of free blocks before what was never used.
func (a *allocator) guard() {
	if a.loUnit != a.hiUnit {
		a.setStamp(a.loUnit, 0)
	}
}

// glue joins neighbouring free blocks. The order-0 context at the end of the memory is never free, so no row reaches past it.
func (a *allocator) glue() {
	a.glueCount = gluePeriod
	a.stamps = [numIndexes]uint32{}
	a.guard()
	for n := a.joined(); n != 0; {
		nu, next := a.units(n), a.next(n)
		for ; nu > maxUnits; nu -= maxUnits {
			a.insert(n, numIndexes-1)
			n += maxUnits * unitSize
		}
		if nu > 0 {
			a.insertUnits(n, nu)
		}
		n = next
	}
}

// joined empties the lists into one, in their order. A block that became part of another has no units.
func (a *allocator) joined() ref {
	var head, last ref
	for i := range a.freeList {
		n := a.freeList[i]
		a.freeList[i] = 0
		for ; n != 0; n = a.next(n) {
			if a.units(n) == 0 {
				continue
			}
			if last == 0 {
				head = n
			} else {
				a.setNext(last, n)
			}
			last = n
			a.absorb(n)
		}
	}
	if last != 0 {
		a.setNext(last, 0)
	}
	return head
}

// absorb adds the free blocks right behind n to it.
func (a *allocator) absorb(n ref) {
	for nu := a.units(n); ; {
		m := n + nu*unitSize
		if a.stamp(m) != emptyNode {
			return
		}
		nu += a.units(m)
		a.setUnits(n, nu)
		a.setUnits(m, 0)
	}
}

// allocRare is alloc where neither the list nor unused memory has a block: one from a longer list, or from the text's area; 0 where the memory is full.
func (a *allocator) allocRare(i int) ref {
	if a.glueCount == 0 {
		a.glue()
		if a.freeList[i] != 0 {
			return a.remove(i)
		}
	}
	for k := i + 1; k < numIndexes; k++ {
		if a.freeList[k] != 0 {
			n := a.remove(k)
			a.split(n, k, i)
			return n
		}
	}
	a.glueCount--
	n := blocks.units[i] * unitSize
	if a.unitsStart-a.text <= n {
		return 0
	}
	a.unitsStart -= n
	return a.unitsStart
}

// alloc is a block of index i for states, or 0.
func (a *allocator) alloc(i int) ref {
	if a.freeList[i] != 0 {
		return a.remove(i)
	}
	n := blocks.units[i] * unitSize
	if n <= a.hiUnit-a.loUnit {
		a.loUnit += n
		return a.loUnit - n
	}
	return a.allocRare(i)
}

// allocContext is one unit for a context, or 0.
func (a *allocator) allocContext() ref {
	switch {
	case a.hiUnit != a.loUnit:
		a.hiUnit -= unitSize
		return a.hiUnit
	case a.freeList[0] != 0:
		return a.remove(0)
	}
	return a.allocRare(0)
}

// shrink gives back a part of a block.
func (a *allocator) shrink(n ref, from, to uint32) ref {
	i, k := blocks.index[from], blocks.index[to]
	switch {
	case i == k:
		return n
	case a.freeList[k] != 0:
		m := a.remove(k)
		a.move(m, n, to)
		a.insert(n, i)
		return m
	}
	a.split(n, i, k)
	return n
}

func (a *allocator) free(n ref, nu uint32) { a.insert(n, blocks.index[nu]) }

// freeUnit frees one unit, to the text where it borders on it.
func (a *allocator) freeUnit(n ref) {
	if n == a.unitsStart {
		a.unitsStart += unitSize
		return
	}
	a.insert(n, 0)
}

// moveUp brings a block that lies near the text's area to a higher place, if the list has one.
func (a *allocator) moveUp(n ref, nu uint32) ref {
	const near = 16 << 10
	i := blocks.index[nu]
	if n > a.unitsStart+near || n > a.freeList[i] {
		return n
	}
	m := a.remove(i)
	a.move(m, n, nu)
	if n == a.unitsStart {
		a.unitsStart += blocks.units[i] * unitSize
	} else {
		a.insert(n, i)
	}
	return m
}

// expandText gives the free blocks that border on the text's area to it, and takes them out of their lists.
func (a *allocator) expandText() {
	a.guard()
	var count [numIndexes]uint32
	n := a.unitsStart
	for a.stamp(n) == emptyNode {
		a.setStamp(n, 0)
		count[blocks.index[a.units(n)]]++
		n += a.units(n) * unitSize
	}
	a.unitsStart = n
	for i, k := range count {
		a.stamps[i] -= k
		a.drop(i, k)
	}
}

// drop takes the k blocks without a mark out of list i.
func (a *allocator) drop(i int, k uint32) {
	var last ref
	for n := a.freeList[i]; n != 0 && k > 0; n = a.next(n) {
		switch {
		case a.stamp(n) != 0:
			last = n
			continue
		case last == 0:
			a.freeList[i] = a.next(n)
		default:
			a.setNext(last, a.next(n))
		}
		k--
	}
}

// usedMemory is what contexts, states and text take.
func (a *allocator) usedMemory() uint32 {
	v := uint32(0)
	for i, n := range a.stamps {
		v += n * blocks.units[i]
	}
	return a.size - (a.hiUnit - a.loUnit) - (a.unitsStart - a.text) - v*unitSize
}
