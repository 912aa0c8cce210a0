package lzh

import "bufio"

// -lh1-: literals and lengths in a Huffman code that follows their frequencies, positions in a fixed one (LZHUF by Haruyasu Yoshizaki).
const (
	dynChars  = 256 + 60 - minMatch + 1 // lengths up to 60
	dynNodes  = 2*dynChars - 1
	dynRoot   = dynNodes - 1
	dynMost   = 0x8000 // frequency at which all are halved
	dynWindow = 4096
	lowBits   = 6 // of a position, which stand as they are
)

// dynamic decodes -lh1-. The nodes of the tree are in the order of their frequencies; children of a node are neighbours.
type dynamic struct {
	bits
	window
	high   code                     // of a position
	freq   [dynNodes + 1]int        // and a sentinel
	child  [dynNodes]int            // the first of two nodes, or dynNodes and more for a symbol
	parent [dynNodes + dynChars]int // of a node, and of each symbol
}

// newDynamic begins with all symbols equally frequent.
func newDynamic(in *bufio.Reader) *dynamic {
	if in == nil {
		return nil
	}
	d := &dynamic{bits: bits{r: in}, window: newWindow(dynWindow, ' ')}
	d.high.build(positionLengths())
	for i := range dynChars {
		d.freq[i], d.child[i], d.parent[dynNodes+i] = 1, dynNodes+i, i
	}
	for i, j := 0, dynChars; j < dynNodes; i, j = i+2, j+1 {
		d.freq[j], d.child[j] = d.freq[i]+d.freq[i+1], i
		d.parent[i], d.parent[i+1] = j, j
	}
	d.freq[dynNodes] = 0xFFFF
	return d
}

// positionLengths are the lengths of the code of the upper six bits of a position.
func positionLengths() []uint8 {
	var lens []uint8
	for i, n := range []int{1, 3, 8, 12, 24, 16} {
		for range n {
			lens = append(lens, uint8(i+3))
		}
	}
	return lens
}

func (d *dynamic) decode(p []byte) (n int, err error) {
	for n < len(p) {
		if d.left > 0 {
			n += d.window.fill(p[n:])
			continue
		}
		sym := d.char()
		if d.err != nil {
			return n, d.err
		}
		if sym < 256 {
			p[n] = d.put(byte(sym))
			n++
			continue
		}
		back := d.symbol(&d.high)<<lowBits | d.take(lowBits)
		if d.err != nil {
			return n, d.err
		}
		d.match(d.pos-back-1, sym-256+minMatch)
	}
	return n, nil
}

// char walks from the root to a symbol and counts it.
func (d *dynamic) char() int {
	node := d.child[dynRoot]
	for node < dynNodes {
		node = d.child[node+d.take(1)]
	}
	d.count(node)
	return node - dynNodes
}

// count adds one to the frequency of a symbol and of what is above it; a node that overtakes others changes places with the last of them.
func (d *dynamic) count(sym int) {
	if d.freq[dynRoot] == dynMost {
		d.halve()
	}
	for c := d.parent[sym]; ; c = d.parent[c] {
		d.freq[c]++
		if f := d.freq[c]; f > d.freq[c+1] {
			last := c + 1
			for f > d.freq[last+1] {
				last++
			}
			d.swap(c, last)
			c = last
		}
		if c == dynRoot {
			return
		}
	}
}

// swap changes the places of two nodes with what is below them.
func (d *dynamic) swap(a, b int) {
	d.freq[a], d.freq[b] = d.freq[b], d.freq[a]
	d.child[a], d.child[b] = d.child[b], d.child[a]
	d.adopt(a)
	d.adopt(b)
}

// adopt tells the children of a node whose they are.
func (d *dynamic) adopt(node int) {
	c := d.child[node]
	d.parent[c] = node
	if c < dynNodes {
		d.parent[c+1] = node
	}
}

// halve halves the frequencies of the symbols and builds the tree above them anew.
func (d *dynamic) halve() {
	n := 0
	for i, c := range d.child {
		if c >= dynNodes {
			d.freq[n], d.child[n] = (d.freq[i]+1)/2, c
			n++
		}
	}
	for i, j := 0, dynChars; j < dynNodes; i, j = i+2, j+1 {
		f, k := d.freq[i]+d.freq[i+1], j
		for ; f < d.freq[k-1]; k-- {
		}
		copy(d.freq[k+1:j+1], d.freq[k:j])
		copy(d.child[k+1:j+1], d.child[k:j])
		d.freq[k], d.child[k] = f, i
	}
	for i := range d.child {
		d.adopt(i)
	}
}
