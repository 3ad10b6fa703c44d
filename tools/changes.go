package main

import (
	"archive/zip"
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

	"microsite/tools/review"
	"microsite/tools/site"
)

// showChanges prints what of each page is not as it was signed.
func (t *tool) showChanges(ctx context.Context, s *checkedSite, pages []*site.Page) error {
	for _, page := range pages {
		record := review.RecordOf(page, s.today)
		if record == (review.Record{}) {
			return fmt.Errorf("%s has no sign-off that can be read, so there is nothing to compare with: run check", page.File)
		}
		if record.Digest == review.Digest(page, record) {
			t.say("%s: nothing of what %s signed on %s has changed.", page.File, record.By, review.Day(record.Reviewed))
			continue
		}
		isSigned := func(old *site.Page, signed review.Record) bool { return review.Digest(old, signed) == record.Digest }
		if err := t.showDifference(ctx, s, page, record, "signed", isSigned); err != nil {
			return err
		}
	}
	return nil
}

// showDifference prints what of a page and its sign-off is not as it was in the newest commit for which isMeant: the one
// with what was signed, or translated, as verb says.
func (t *tool) showDifference(ctx context.Context, s *checkedSite, page *site.Page, record review.Record, verb string,
	isMeant func(old *site.Page, record review.Record) bool) error {
	folder, err := os.MkdirTemp("", "changes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	commits, names, err := listCommits(ctx, t.root, page)
	if err != nil {
		return err
	}
	for _, commit := range commits {
		for _, name := range names {
			old := loadCommit(ctx, t.root, filepath.Join(folder, "site"), commit, name)
			if old == nil {
				continue
			}
			oldRecord := record
			if !isMeant(old, record) { // the record itself may have been edited since
				oldRecord = review.RecordOf(old, s.today)
			}
			if isMeant(old, oldRecord) {
				diff, err := wordDiff(ctx, folder, review.ReadableText(old, oldRecord), review.ReadableText(page, record))
				fmt.Fprintf(t.stdout, "%s since it was %s, as in commit %.12s: [-what is gone-] {+what is new+}\n%s\n",
					page.File, verb, commit, diff)
				return err
			}
		}
	}
	return errors.Join(ctx.Err(), fmt.Errorf("what was %s is not in git's history here: it was never committed, or is older "+
		"(then \"git fetch --unshallow\" may get it). Read the whole page: go run ./tools sign --show %s", verb, page.File))
}

// listCommits returns the commits that changed anything that a sign-off of a page covers, newest first, and the names that
// the page has had.
func listCommits(ctx context.Context, root string, page *site.Page) (commits, names []string, err error) {
	log, err := git(ctx, root, "log", "--follow", "--format=", "--name-only", "--relative", "--", page.File)
	if err != nil {
		return nil, nil, err
	}
	names = slices.Compact(slices.Sorted(slices.Values(append(strings.Fields(log), page.File))))
	list, err := git(ctx, root, append([]string{"rev-list", "--max-count=1000", "HEAD", "--", site.ConfigFile, site.FiguresDir}, names...)...)
	return strings.Fields(list), names, err
}

// loadCommit reads a page and its site as they were in a commit, which takes the place of another one in a folder. The page
// is nil where it was not there or can't be read.
func loadCommit(ctx context.Context, root, folder, commit, file string) *site.Page {
	archive, err := git(ctx, root, "archive", "--format=zip", commit, "--", site.ConfigFile, site.ContentDir)
	if err != nil {
		return nil
	}
	files, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err = errors.Join(err, os.RemoveAll(folder)); err != nil || os.CopyFS(folder, files) != nil {
		return nil
	}
	s, _, err := site.Load(folder)
	if err != nil {
		return nil
	}
	for _, language := range s.Translations {
		if strings.HasPrefix(file, language.Folder+"/") {
			s = language
		}
	}
	src, _ := os.ReadFile(filepath.Join(folder, filepath.FromSlash(file))) // an empty page can't be read either
	page, _ := s.ParsePage(file, src)
	return page
}

var hunkHeader = regexp.MustCompile(`(?m)^@@ -[0-9,]+ \+[0-9,]+ @@.*$`)

// wordDiff returns the lines that differ in two texts, with the words marked.
func wordDiff(ctx context.Context, folder, before, after string) (string, error) {
	err := errors.Join(os.WriteFile(filepath.Join(folder, "before"), []byte(before), 0o600),
		os.WriteFile(filepath.Join(folder, "after"), []byte(after), 0o600))
	if err != nil {
		return "", err
	}
	out, err := git(ctx, folder, "diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-blank-lines",
		"--unified=0", "--word-diff=plain", "--", "before", "after")
	if at := hunkHeader.FindStringIndex(out); at != nil { // exit code 1: there is a difference
		return strings.ReplaceAll(hunkHeader.ReplaceAllString(out[at[0]:], ""), "\n\n", "\n"), nil
	}
	return "", err
}

// git runs git in a folder, without a shell, and returns what it prints. Where a
// hook's variables say that the repository is elsewhere, that does not count.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	cmd.Env = append(cmd.Env, "GIT_NO_LAZY_FETCH=1") // no network
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("git could not help: %w %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), err
}
