package control

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// blackout has nothing pass for a while, from now on, and answers as show does.
func (a api) blackout(w http.ResponseWriter, r *http.Request, name string, p *proxy.Proxy) {
	body, status, err := readJSON(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	lasting, directions, err := parseBlackout(body)
	if err == nil {
		err = p.Blackout(lasting, directions...)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, hinted(err, []string{"for", "direction"}))
		return
	}
	a.tell(w, http.StatusOK, name)
}

// parseBlackout reads {"for": "3s"}, or {"for": "3s", "direction": "up"}.
func parseBlackout(body []byte) (lasting time.Duration, directions []lossy.Direction, err error) {
	members, err := settings.ParseObject(body)
	if err != nil {
		return 0, nil, err
	}
	directions = []lossy.Direction{lossy.Up, lossy.Down}
	given := false
	for _, m := range members {
		value, err := m.Text()
		if err != nil {
			return 0, nil, err
		}
		switch m.Name {
		case "for":
			given = true
			if lasting, err = lossy.ParseDuration(value); err != nil {
				return 0, nil, settings.Within(m.Name, err)
			}
		case "direction":
			if directions, err = parseDirection(value); err != nil {
				return 0, nil, settings.Within(m.Name, err)
			}
		default:
			return 0, nil, settings.Within(m.Name, settings.ErrUnknownField)
		}
	}
	if !given {
		return 0, nil, settings.Within("for", errors.New("is missing: say how long, such as \"3s\"; \"0s\" ends one"))
	}
	return lasting, directions, nil
}

func parseDirection(s string) ([]lossy.Direction, error) {
	switch s {
	case "up":
		return []lossy.Direction{lossy.Up}, nil
	case "down":
		return []lossy.Direction{lossy.Down}, nil
	case "both":
		return []lossy.Direction{lossy.Up, lossy.Down}, nil
	}
	return nil, fmt.Errorf("%q is neither up, down nor both", s)
}
