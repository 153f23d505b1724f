package main

// Numbers that look drawn by chance and are the same for the same seed in every release of the
// language, which its library does not promise: SplitMix64.
type chance struct{ state uint64 }

func (c *chance) below(limit int) int {
	c.state += 0x9e3779b97f4a7c15
	mixed := c.state
	mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
	return int((mixed ^ mixed>>31) % uint64(limit))
}
