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

// showChanges prints what changed in each page since it was signed.
func (t *tool) showChanges(ctx context.Context, s *checkedSite, pages []*site.Page) error {
	for _, page := range pages {
		record := review.CheckPage(page, s.today).Record
		if record == (review.Record{}) {
			return fmt.Errorf("%s has no sign-off that can be read, so there is nothing to compare with: run check", page.File)
		}
		if record.Digest == review.Digest(page, record) {
			t.logf("%s: nothing of what %s signed on %s has changed.", page.File, record.By, review.Day(record.Reviewed))
			continue
		}
		isSigned := func(old *site.Page, signed review.Record) bool { return review.Digest(old, signed) == record.Digest }
		if err := t.showDifference(ctx, s, page, record, "signed", isSigned); err != nil {
			return err
		}
	}
	return nil
}

// showDifference prints what changed in a page and its sign-off since the newest commit for which isWanted reports true.
// verb says what was done with that version: "signed" or "translated".
func (t *tool) showDifference(ctx context.Context, s *checkedSite, page *site.Page, record review.Record, verb string,
	isWanted func(old *site.Page, record review.Record) bool) error {
	folder, err := os.MkdirTemp("", "changes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	// Only a commit that changed something that the sign-off covers can be the one.
	commits, err := git(ctx, t.root, "rev-list", "--max-count=1000", "HEAD", "--", site.ConfigFile, site.FiguresDir, page.File)
	if err != nil {
		return err
	}
	for commit := range strings.FieldsSeq(commits) {
		if old := loadCommit(ctx, t.root, filepath.Join(folder, "site"), commit, page.File); old != nil {
			oldRecord := record
			if !isWanted(old, record) { // the record, too, may have been edited since
				oldRecord = review.CheckPage(old, s.today).Record
			}
			if isWanted(old, oldRecord) {
				diff, err := wordDiff(ctx, folder, review.ReadableText(old, oldRecord), review.ReadableText(page, record))
				fmt.Fprintf(t.stdout, "%s since it was %s, as in commit %.12s: [-what is gone-] {+what is new+}\n%s\n",
					page.File, verb, commit, diff)
				return err
			}
		}
	}
	return errors.Join(ctx.Err(), fmt.Errorf("what was %s is not in git's history here: it was never committed, had another file "+
		"name, or is older (then \"git fetch --unshallow\" may get it). Read the whole page: go run ./tools sign --show %s", verb, page.File))
}

// loadCommit replaces folder by the site of a commit, and returns a page of it, or nil if it isn't there or isn't valid.
func loadCommit(ctx context.Context, root, folder, commit, file string) *site.Page {
	archive, gitErr := git(ctx, root, "archive", "--format=zip", commit, "--", site.ConfigFile, site.ContentDir)
	files, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if errors.Join(gitErr, err, os.RemoveAll(folder)) != nil || os.CopyFS(folder, files) != nil {
		return nil
	}
	s, _, err := site.Load(folder)
	if err != nil {
		return nil
	}
	for _, page := range s.AllPages() {
		if page.File == file {
			return page
		}
	}
	return nil
}

var hunkHeader = regexp.MustCompile(`(?m)^@@ -[0-9,]+ \+[0-9,]+ @@.*$`)

// wordDiff returns the lines in which two texts differ, with the changed words marked. It writes the texts into folder.
func wordDiff(ctx context.Context, folder, before, after string) (string, error) {
	err := errors.Join(os.WriteFile(filepath.Join(folder, "before"), []byte(before), 0o600),
		os.WriteFile(filepath.Join(folder, "after"), []byte(after), 0o600))
	if err != nil {
		return "", err
	}
	out, err := git(ctx, folder, "diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-blank-lines",
		"--unified=0", "--word-diff=plain", "--", "before", "after")
	if at := hunkHeader.FindStringIndex(out); at != nil { // err is exit code 1, which means that the texts differ
		return strings.ReplaceAll(hunkHeader.ReplaceAllString(out[at[0]:], ""), "\n\n", "\n"), nil
	}
	return "", err
}

// git runs git in a folder and returns its output. It hides the variables with which a git hook would send it to another
// repository.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	cmd.Env = append(cmd.Env, "GIT_NO_LAZY_FETCH=1") // no network
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("git failed: %w %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), err
}
