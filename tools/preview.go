package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"microsite/tools/publish"
)

// preview keeps Hugo's server running. Its zero value runs none.
type preview struct {
	session *session
	events  <-chan publish.Event // nil when none is running
	again   <-chan time.Time     // when it starts again; nil when it needn't

	stop    context.CancelFunc
	url     string
	started time.Time
	deaths  int  // in a row
	restart bool // it was stopped to start afresh
	waiting bool // for the site to let it start
}

// start runs Hugo's server.
func (p *preview) start(ctx context.Context) {
	s := p.session
	var clock time.Time // without -today, Hugo's server goes on to the next day by itself
	if s.today != "" {
		clock, _ = s.day(time.UTC) // it was parsed before
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.events, p.again, p.started = publish.Serve(ctx, s.root, s.hugo, s.port, clock), nil, time.Now()
}

// saved starts a server that waits for a save, and starts afresh one that
// has lost a folder from sight: Hugo doesn't see it come back.
func (p *preview) saved(ctx context.Context, files []string) {
	if p.events == nil && p.again == nil {
		p.start(ctx)
		return
	}
	back := slices.ContainsFunc(files, func(name string) bool {
		info, err := os.Stat(filepath.Join(p.session.root, name))
		return slices.Contains(watched.Folders, name) && err == nil && info.IsDir()
	})
	if back && p.events != nil && !p.restart {
		p.restart = true
		p.stop()
	}
}

const (
	atOnce  = 10 * time.Second // a server that lives longer has not died at once
	lives   = 5
	backoff = 250 * time.Millisecond
)

// heard takes an event of Hugo's server; ok is false once it has ended. The
// error says that there is no use in starting it again.
func (p *preview) heard(ctx context.Context, e publish.Event, ok bool) error {
	say := p.session.report.Say
	switch {
	case !ok:
		p.stop()
		p.events = nil
		if p.restart {
			p.restart = false
			p.start(ctx)
		}
	case e.URL != "" && e.URL == p.url:
		p.waiting = false
		say("The preview is back.") // the browser finds it by itself
	case e.URL != "":
		p.waiting, p.url = false, e.URL
		say("Preview: %s   (Ctrl-C ends it)", e.URL)
	case e.Site:
		if !p.waiting {
			say("The preview starts when these errors are mended.")
		}
		p.waiting = true
	case e.Err != nil && !p.restart:
		if time.Since(p.started) > atOnce {
			p.deaths = 0
		}
		if p.deaths++; p.deaths == lives {
			return fmt.Errorf("Hugo's server has ended %d times in a row: %w", p.deaths, e.Err)
		}
		say("The preview has stopped (%v). Starting it again …", e.Err)
		p.again = time.After(backoff << (p.deaths - 1))
	}
	return nil
}

// wait waits until a server that was told to end has ended.
func (p *preview) wait() {
	if p.events != nil {
		for range p.events {
		}
	}
}

// free says whether a port can be had, before anything starts.
func free(port int) error {
	other := port%65535 + 1
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
	case err != nil:
		return fmt.Errorf("port %d can't be used: %w. Choose another: go run ./tools serve -port 1314", port, err)
	default:
		l.Close()
		// A browser may come to somebody else, who listens where Hugo doesn't.
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("::1", strconv.Itoa(port)), time.Second)
		if err != nil {
			return nil
		}
		conn.Close()
	}
	return fmt.Errorf("port %d is taken, perhaps by another preview. End that one, or choose another port: go run ./tools serve -port %d", port, other)
}
