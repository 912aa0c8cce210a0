package oleparse
func (m *Module) judge() {}
