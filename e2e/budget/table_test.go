package budget

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
)

const page = "../../deploy/decisions/015-a-budget-for-strangers.md"

// amount returns n of a unit as the page writes it.
func amount(n int, u limit.Unit) string {
	switch {
	case u == limit.Bytes && n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case u == limit.Bytes:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d %s", n, u)
}

func span(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	default:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
}

// anHour returns what may be spent of budgets in any hour that begins with a window.
func anHour(budgets ...limit.Budget) int {
	sum := 0
	for _, b := range budgets {
		sum += b.Most * max(int(time.Hour/b.Window), 1)
	}
	return sum
}

// mailsTo returns how many mails strangers can have sent to one mailbox, that we
// know or not, in the first hours.
func mailsTo(known bool, within time.Duration) (n int) {
	var tally limit.MailTally
	begin := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for now := begin; now.Before(begin.Add(within)); now = now.Add(time.Minute) {
		var send bool
		if send, tally = limit.Space(tally, known, now); send {
			n++
		}
	}
	return n
}

// table returns the lines that the page has to hold.
func table() []string {
	var lines []string
	for _, b := range limit.Budgets() {
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s | %s | %s |", b.Name, b.Per, amount(b.Most, b.Unit), span(b.Window), b.Beyond))
	}
	line := func(who, what, most string) { lines = append(lines, fmt.Sprintf("| %s | %s | %s |", who, what, most)) }
	line("one source", "store: logins before a password was right", amount(anHour(limit.LoginBytes), limit.Bytes))
	line("one source", "store: documents of drafts, at once", amount(limit.DraftsBytes.Most, limit.Bytes))
	line("one source", "write: documents", amount(anHour(limit.UploadBytes), limit.Bytes))
	line("one source", "send: mails", amount(anHour(limit.ApplyMails, limit.StatusRequests), limit.Mails))
	line("one source", "compute: passwords", amount(anHour(limit.LoginRequests, limit.ConsoleRequests, limit.PasswordHashes), limit.Hashes))
	line("one source", "compute: documents", amount(anHour(limit.JudgeTime), limit.Millis))
	line("one network", "each of these", fmt.Sprintf("%d times as much", limit.NetworkSources))
	line("one application", "store: documents written in three days", amount(limit.DraftBytes.Most, limit.Bytes))
	line("one mailbox", "receive: mails, that an account or application has", amount(mailsTo(true, time.Hour), limit.Mails))
	line("one mailbox", "receive: mails, that nobody has", amount(mailsTo(false, time.Hour), limit.Mails))
	line("one mailbox", "receive: mails in a day, that nobody has", amount(mailsTo(false, 24*time.Hour), limit.Mails))
	line("one network", "hold: connections", fmt.Sprint(limit.NetworkConnections))
	line("one session", "store: grants", fmt.Sprintf("%d grants of at most %s", limit.SessionCodes.Most*60, amount(grantBytes, limit.Bytes)))
	line("everybody", "store: logins before a password was right", amount(anHour(limit.LoginBytesAll), limit.Bytes))
	line("everybody", "store: the same, at once", amount(2*limit.LoginBytesAll.Most, limit.Bytes))
	line("everybody", "store: before the alarm", amount(limit.StrangersBytes, limit.Bytes))
	line("everybody", "send: mails before the alarm", amount(anHour(limit.AllMails), limit.Mails))
	line("everybody", "hold: connections", fmt.Sprint(limit.Connections))
	return lines
}

// X1, X9, X12, X20: the page of the budgets says what the code does.
func TestX9_ThePageOfBudgets(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range table() {
		if strings.Count(string(text), line+"\n") != 1 {
			t.Errorf("the page has to have this line once:\n%s", line)
		}
	}
	rows := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		if strings.HasPrefix(line, "| `") || strings.HasPrefix(line, "| one ") || strings.HasPrefix(line, "| everybody ") {
			rows++
		}
	}
	if rows != len(table()) {
		t.Errorf("the page has %d rows, want %d", rows, len(table()))
	}
	for _, b := range limit.Budgets() {
		if b.Most < 1 || b.Window <= 0 || b.Beyond == "" {
			t.Errorf("%+v is no budget", b)
		}
	}
	// The defaults of the configuration are those of the budgets.
	c := config.Default(config.Production).Limits
	for name, d := range map[string][2]int{
		"authorize_per_minute": {c.AuthorizePerMinute, limit.AuthorizeRequests.Most}, "apply_per_hour": {c.ApplyPerHour, limit.ApplyMails.Most},
		"login_per_minute": {c.LoginPerMinute, limit.LoginRequests.Most}, "apply_tries": {c.ApplyTries, limit.CodeRequests.Most}, "judging": {limit.JudgeTimeOf(c.ApplyTries).Most, limit.JudgeTime.Most}, "documents": {limit.UploadBytesOf(c.ApplyPerHour).Most, limit.UploadBytes.Most},
		"drafts": {limit.DraftsBytesOf(c.ApplyPerHour).Most, limit.DraftsBytes.Most}, "codes": {c.AuthorizePerMinute / 4, limit.SessionCodes.Most},
		"codes a day": {c.AuthorizePerMinute * 8, limit.SessionCodesDay.Most}, "alarm": {c.ApplyPerHour / 10, limit.AlarmMails.Most},
	} {
		if d[0] != d[1] {
			t.Errorf("%s: by default %d, in the table %d", name, d[0], d[1])
		}
	}
}
