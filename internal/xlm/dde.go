package xlm

// DDE is the link to another program in a formula, as server|topic!item (ECMA-376-1 18.14.4, as Excel writes it in a cell), and whether the
// whole formula is one that can be read.
func DDE(src string) (link string, whole, ok bool) {
	f := parse(src, base{})
	walk(f.root, func(n *node) {
		if n.op == opDDE && !ok {
			link, ok = n.text, true
		}
	})
	return link, !f.bad, ok
}
