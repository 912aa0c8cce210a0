// Package zipinspect reads ZIP archives as an adversary may have written them.
package zipinspect
