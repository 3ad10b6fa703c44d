package review

import (
	"time"

	"microsite/tools/site"
)

// Today returns the civil day of an instant in a time zone, as midnight UTC.
func Today(now time.Time, zone *time.Location) time.Time {
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Day returns a civil date as YYYY-MM-DD, and "" for the zero time, a date that isn't known.
func Day(date time.Time) string {
	if date.IsZero() {
		return ""
	}
	return date.Format(time.DateOnly)
}

// DaysBetween returns how many days it is from one civil date to another. It
// counts seconds, because a time.Duration ends after 292 years.
func DaysBetween(from, to time.Time) int {
	const secondsPerDay = 24 * 60 * 60
	return int((to.Unix() - from.Unix()) / secondsPerDay)
}

// AddMonths returns a civil date whole months later. A day that the month does
// not have becomes its last: 29 February 2024 and 12 months is 28 February 2025.
func AddMonths(date time.Time, months int) time.Time {
	first := time.Date(date.Year(), date.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	lastDay := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(date.Day(), lastDay)-1)
}

// IsOutdated reports whether a source's own review is longer ago than the
// site's interval. A source without a day is not outdated: its age isn't known.
func IsOutdated(s *site.Site, source *site.Source, today time.Time) bool {
	return !source.Reviewed.IsZero() && today.After(AddMonths(source.Reviewed, s.IntervalMonths))
}
