package diagnostic

// Rule is the name of a rule, as printed after each message. tools/README.md describes the rules.
type Rule string

const (
	// The site's settings and files.
	RuleConfig        Rule = "config"
	RuleEncoding      Rule = "encoding"
	RuleMergeConflict Rule = "merge-conflict"
	RuleFileName      Rule = "file-name"
	RuleStaticFile    Rule = "static-file"
	// A page's front matter.
	RuleFrontMatter Rule = "front-matter"
	RuleDate        Rule = "date"
	RuleSources     Rule = "sources"
	RuleReview      Rule = "review"
	// A page's text.
	RuleCard     Rule = "card"
	RuleTaskItem Rule = "task-item"
	RuleHeading  Rule = "heading"
	RuleLink     Rule = "link"
	RulePicture  Rule = "picture"
	RuleRawHTML  Rule = "raw-html"
	RuleCode     Rule = "indented-code"
	RuleMarkup   Rule = "markup"
	RuleLanguage Rule = "plain-language"
	// Reviews, sources and translations that are not up to date.
	RuleChanged             Rule = "changed"
	RuleOverdue             Rule = "overdue"
	RuleDueSoon             Rule = "due-soon"
	RuleUnreviewed          Rule = "unreviewed"
	RuleOutdatedSource      Rule = "outdated-source"
	RuleTranslation         Rule = "translation"
	RuleOutdatedTranslation Rule = "outdated-translation"
	// The checklist and the published site.
	RuleChecklist   Rule = "checklist"
	RuleEmergency   Rule = "emergency"
	RuleBaseURL     Rule = "base-url"
	RuleHugo        Rule = "hugo"
	RuleBrokenLink  Rule = "broken-link"
	RuleFragment    Rule = "broken-fragment"
	RuleBadAddress  Rule = "bad-address"
	RuleDuplicateID Rule = "duplicate-id"
	RuleMissingPage Rule = "missing-page"
	RuleOrphanPage  Rule = "orphan-page"
	RuleUnknownLink Rule = "unknown-link"
	RuleUnused      Rule = "unused-ignore"
)

// Raisable lists the rules whose findings become errors if config.toml says so.
var Raisable = []Rule{RuleChanged, RuleOverdue, RuleDueSoon, RuleUnreviewed, RuleOutdatedSource, RuleOutdatedTranslation}
