package address

import "testing"

func TestHider(t *testing.T) {
	h := NewHider([]byte("key"))
	a, b := h.Address("Taro+x@Example.com"), h.Address("hanako@example.com")
	switch {
	case a != h.Address("taro@example.com"):
		t.Error("one person has two hashes")
	case a == b:
		t.Error("two people have one hash")
	case Domain(a) != Domain(b) || Domain(a) != h.Domain("EXAMPLE.com"):
		t.Errorf("the same domain does not show: %s %s", a, b)
	case a[:18] == h.Address("taro@example.org")[:18]:
		t.Error("the same local part shows at two domains")
	case a == NewHider([]byte("other")).Address("taro@example.com"):
		t.Error("another key gives the same hash")
	case h.Address("example.com") == h.Domain("example.com"):
		t.Error("two uses have one hash")
	case Domain(h.Address("postmaster")) != "" || h.Address("postmaster") == "postmaster":
		t.Error("what has no domain is not hidden, or has one")
	case a != Fold(a):
		t.Error("a hash is not folded: it would be looked up as another")
	}
}

// TestHiderWithoutKey: hides nothing, and what is nothing stays nothing.
func TestHiderWithoutKey(t *testing.T) {
	var none *Hider
	for _, h := range []*Hider{none, {}, NewHider(nil)} {
		if h.Address("A+b@Example.com") != "a@example.com" || h.Domain("Example.com") != "example.com" {
			t.Error("it hides")
		}
	}
	if h := NewHider([]byte("key")); h.Address("") != "" || h.Domain("") != "" {
		t.Error("nothing has a hash")
	}
}

// TestHashesAreStable: they are stored for years, so that a change of this value is a change of format.
func TestHashesAreStable(t *testing.T) {
	h := NewHider([]byte("key"))
	if got, want := h.Address("taro@example.com"), "h:an3v7yw1vhsxzyh8@h:e7paz33a2e5h518s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
