package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"microsite/tools/problem"
)

// stopTime is how long Hugo may take to end by itself. A preview writes
// nothing that could be left half-written.
const stopTime = 400 * time.Millisecond

// Event is what Hugo's server has to say.
type Event struct {
	// URL is where the preview stands; the server is ready.
	URL string
	// Problems are those of the last time it rendered, where Rendered is set.
	Problems []problem.Problem
	Rendered bool
	// Err says how it ended, when nobody asked it to; in Hugo's own words where
	// it has said something.
	Err error
	// Site is set when the site itself kept Hugo from starting: Problems say why.
	Site bool
}

// Serve runs Hugo's server with the site in root, rendered to memory and with
// drafts, until ctx ends. clock is the day that pages are rendered for, zero
// for each day as it comes. The channel is closed when nothing runs any more.
func Serve(ctx context.Context, root, hugo string, port int, clock time.Time) <-chan Event {
	args := []string{"server", "--renderToMemory", "--buildDrafts", "--noBuildLock", "--port", strconv.Itoa(port)}
	if !clock.IsZero() {
		args = append(args, "--clock", clock.Format(time.RFC3339))
	}
	events := make(chan Event)
	go func() {
		defer close(events)
		l := &listener{root: root, events: events}
		cmd := command(ctx, root, hugo, args...)
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = l, l, stopTime
		group(cmd)
		err := cmd.Run()
		sweep(cmd)
		if ctx.Err() == nil {
			events <- l.end(err)
		}
	}()
	return events
}

// listener reads what Hugo's server says, line by line.
type listener struct {
	root   string
	events chan<- Event
	rest   []byte          // of a line
	said   strings.Builder // since it last began to render
	ready  bool
}

var (
	serverBegins = regexp.MustCompile(`^Change .*detected, rebuilding`)
	serverEnds   = regexp.MustCompile(`^(?:Total|Rebuilt) in `)
	serverReady  = regexp.MustCompile(`^Web Server is available at (\S+)`)
	serverPrefix = regexp.MustCompile(`^(?:(?:Rebuild failed|process|error building site|command error): )+`)
	buildFailed  = regexp.MustCompile(`(?m)^ERROR .*error building site`)
)

func (l *listener) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.rest = rest
		l.line(string(line))
	}
}

func (l *listener) line(line string) {
	if serverBegins.MatchString(line) {
		l.said.Reset()
	}
	l.said.WriteString(line + "\n")
	switch m := serverReady.FindStringSubmatch(line); {
	case m != nil && !l.ready:
		l.ready = true
		l.events <- Event{URL: m[1]}
	case l.ready && serverEnds.MatchString(line):
		l.events <- Event{Rendered: true, Problems: l.problems()}
	}
}

// problems are the errors of what Hugo has said; warnings are the link check's
// to find, which renders the site as it will be published.
func (l *listener) problems() []problem.Problem {
	all := complaints(l.root, l.said.String())
	for i := range all {
		all[i].Message = serverPrefix.ReplaceAllString(all[i].Message, "")
	}
	placed := slices.ContainsFunc(all, func(p problem.Problem) bool { return p.Line > 0 })
	return slices.DeleteFunc(all, func(p problem.Problem) bool {
		return p.Severity != problem.Error || placed && p.Line == 0 // "logged 1 error(s)"
	})
}

// end is the last event, of a server that nobody asked to end.
func (l *listener) end(err error) Event {
	if len(l.rest) > 0 {
		l.line(string(l.rest))
	}
	e := Event{Problems: l.problems()}
	var words []string
	for _, p := range e.Problems {
		words = append(words, p.Message)
	}
	if words == nil && !l.ready { // such as a panic
		words = strings.Fields(l.said.String())
		words = []string{strings.Join(words[max(0, len(words)-60):], " ")}
	}
	e.Site = gaveUp(err) && !l.ready &&
		(buildFailed.MatchString(l.said.String()) || slices.ContainsFunc(e.Problems, func(p problem.Problem) bool { return p.Line > 0 }))
	if err == nil {
		err = errors.New("it ended by itself")
	}
	if e.Err = err; words != nil {
		e.Err = fmt.Errorf("%w: %s", err, strings.Join(words, "; "))
	}
	return e
}
