package printer

// What the tests outside the package look at.
var (
	Width    = width
	AllWords = func() map[string][]*string {
		out := map[string][]*string{}
		for lang, w := range table {
			out[string(lang)] = w.all()
		}
		return out
	}
)

// Model returns the profile a configuration comes to.
func (c Config) Model() Profile { return c.profile() }
