package diagnostic

// Rule is the name of a rule, as messages end with it and tools/README.md lists it.
type Rule string

// Every rule of the tool.
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
	// How the text stands. config.toml can make errors of these.
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

// Raisable lists the rules that config.toml can make errors.
var Raisable = []Rule{RuleChanged, RuleOverdue, RuleDueSoon, RuleUnreviewed, RuleOutdatedSource, RuleOutdatedTranslation}
