package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestTimeZone: today is the day in the site's time zone, wherever the tool runs.
func TestTimeZone(t *testing.T) {
	files, err := tree("testdata/site")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := put(".", files); err != nil {
		t.Fatal(err)
	}
	config := files["config.toml"].data
	for zone, want := range map[string]string{"UTC": "2026-11-22", "Pacific/Kiritimati": "2026-11-23"} {
		if err := os.WriteFile("config.toml", []byte(strings.Replace(config, "UTC", zone, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		now := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
		world := &tool{stdout: &stdout, stderr: &stderr, now: func() time.Time { return now }}
		code := world.run(t.Context(), []string{"due", "--format", "json"})
		if code != exitClean || !strings.Contains(stdout.String(), `"today": "`+want+`"`) {
			t.Errorf("%s: exit code %d, not the day %s: %s%s", zone, code, want, &stdout, &stderr)
		}
	}
}
