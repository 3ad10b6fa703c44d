package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/review"
	"microsite/tools/site"
)

// maxCommits is how far back --changes looks for what was signed.
const maxCommits = 1000

// showChanges prints what of each page is not as it was signed.
func (t *tool) showChanges(ctx context.Context, s *checkedSite, pages []*site.Page) (int, error) {
	code := exitClean
	for _, page := range pages {
		err := t.showPageChanges(ctx, s, page)
		if ctx.Err() != nil {
			return exitFailed, ctx.Err()
		}
		if err != nil {
			t.say("%s: %s", page.File, diagnostic.OneLine(err.Error()))
			code = exitFailed
		}
	}
	return code, nil
}

func (t *tool) showPageChanges(ctx context.Context, s *checkedSite, page *site.Page) error {
	record := review.RecordOf(s.Site, page, s.today)
	switch {
	case record == review.Record{}:
		return errors.New("there is no sign-off that can be read, so nothing to compare with: run check")
	case review.IsSigned(s.Site, page, record):
		t.say("%s: nothing of what %s signed on %s has changed.", page.File, record.By, review.Day(record.Reviewed))
		return nil
	}
	folder, err := os.MkdirTemp("", "signed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	commit, signed, err := findSigned(ctx, s, page, record, folder)
	if err != nil {
		return err
	}
	diff, err := wordDiff(ctx, folder, signed, review.ReadableText(s.Site, page, record))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.stdout, "%s since it was signed, as in commit %.12s: [-what is gone-] {+what is new+}\n%s\n", page.File, commit, diff)
	return err
}

// findSigned looks through the commits that changed anything that a sign-off
// covers, and returns the newest in which the page is as it was signed, and its text.
func findSigned(ctx context.Context, s *checkedSite, page *site.Page, record review.Record, folder string) (commit, text string, err error) {
	list, err := git(ctx, s.Root, "", "rev-list", fmt.Sprint("--max-count=", maxCommits), "HEAD", "--", page.File, site.ConfigFile, site.FiguresDir)
	if err != nil {
		return "", "", err
	}
	commits := strings.Fields(list)
	for _, commit := range commits {
		old, oldPage, err := loadCommit(ctx, s.Root, filepath.Join(folder, commit), commit, page.File)
		if err != nil {
			continue // the page was not there yet, or broken
		}
		own := review.RecordOf(old, oldPage, s.today) // by which a record is found that was edited since
		for _, r := range []review.Record{record, own} {
			if r.Digest == record.Digest && review.IsSigned(old, oldPage, r) {
				return commit, review.ReadableText(old, oldPage, r), nil
			}
		}
	}
	return "", "", fmt.Errorf("what was signed is in none of the last %s of git's history here: it was never committed, or is older "+
		"(then \"git fetch --unshallow\" may get it). Read the whole page: go run ./tools sign --show %s", diagnostic.Plural(len(commits), "commit"), page.File)
}

// loadCommit reads what a sign-off of a page covers as it was in a commit.
func loadCommit(ctx context.Context, root, folder, commit, file string) (*site.Site, *site.Page, error) {
	if err := checkOut(ctx, root, folder, commit, site.ConfigFile, file); err != nil {
		return nil, nil, err
	}
	s, _, err := site.Load(folder)
	if err != nil {
		return nil, nil, err
	}
	src, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(file)))
	if err != nil {
		return nil, nil, err
	}
	page, _ := s.ParsePage(file, src)
	if page == nil {
		return nil, nil, errors.New("the page can't be read")
	}
	var drawings []string
	for _, name := range review.FiguresOf(page) {
		drawings = append(drawings, site.FiguresDir+"/"+name+".svg")
	}
	return s, page, checkOut(ctx, root, folder, commit, drawings...)
}

// checkOut writes files as they were in a commit into a folder, but those that were not there.
func checkOut(ctx context.Context, root, folder, commit string, names ...string) error {
	var objects strings.Builder
	for _, name := range names {
		fmt.Fprintf(&objects, "%s:./%s\n", commit, name)
	}
	out, err := git(ctx, root, objects.String(), "cat-file", "--batch")
	for _, name := range names { // each is a line "ID blob SIZE", its bytes and a line end, or a line that says that it's missing
		var id, kind string
		var size int
		header, rest, _ := strings.Cut(out, "\n")
		if _, err := fmt.Sscan(header, &id, &kind, &size); err != nil || size >= len(rest) {
			out = rest
			continue
		}
		file := filepath.Join(folder, filepath.FromSlash(name))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(rest[:size]), 0o600))
		out = rest[size+1:]
	}
	return err
}

// hunkHeader matches the lines of git diff that say where a difference stands.
var hunkHeader = regexp.MustCompile(`(?m)^@@ -[0-9,]+ \+[0-9,]+ @@.*$`)

// wordDiff returns the lines that differ in two texts, with the words marked.
func wordDiff(ctx context.Context, folder, before, after string) (string, error) {
	err := errors.Join(os.WriteFile(filepath.Join(folder, "before"), []byte(before), 0o600),
		os.WriteFile(filepath.Join(folder, "after"), []byte(after), 0o600))
	if err != nil {
		return "", err
	}
	out, err := git(ctx, folder, "", "diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-blank-lines",
		"--unified=0", "--word-diff=plain", "--", "before", "after")
	if at := hunkHeader.FindStringIndex(out); at != nil { // exit code 1: there is a difference
		return strings.ReplaceAll(hunkHeader.ReplaceAllString(out[at[0]:], ""), "\n\n", "\n"), nil
	}
	return "", err
}

// git runs git in a folder, without a shell, and returns what it prints. Where a
// hook's variables say that the repository is elsewhere, that does not count.
func git(ctx context.Context, folder, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_NO_LAZY_FETCH=1") // no network
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("git could not help: %s", bytes.TrimSpace(exit.Stderr))
	} else if err != nil {
		err = fmt.Errorf("--changes looks into git's history, and git does not run: %w", err)
	}
	return string(out), err
}
