//go:build long

package vba

const wholeProduct = true
