package config

import (
	"math"
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/signkey"
)

// The default levels of assurance in tokens.
const (
	ProductionACR = "http://eidas.europa.eu/NotNotified/LoA/low"
	PracticeACR   = "urn:omgevingsloket-id:practice"
)

// ProductionRecoveryDelay is the default of login.recovery_delay in production.
const ProductionRecoveryDelay = 24 * time.Hour

// unset is the value of a duration that is not set, where 0 is a valid value.
const unset time.Duration = math.MinInt64

// Default returns the default settings of an environment. Required settings
// are empty.
func Default(env Environment) Config {
	c := Config{
		Environment:   env,
		Listen:        ":8080",
		AdminListen:   "127.0.0.1:9090",
		ShutdownDelay: 5 * time.Second,
		ShutdownGrace: 20 * time.Second,
		Database:      Database{MaxConnections: 20},
		Mail:          Mail{FromName: "Omgevingsloket-ID"},
		Helpdesk:      Helpdesk{Name: "Informatiepunt Leefomgeving"},
		Session:       Session{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Terms:         Terms{StepUp: 10 * time.Minute, PasswordLink: 30 * time.Minute, Disavow: 10 * 24 * time.Hour, NewApp: account.DefaultLimits.NewAppTime, AddressUndo: account.DefaultLimits.UndoTime},
		Login: Login{
			EnrolmentCodes: account.DefaultLimits.EnrolmentCodes,
			Codes:          account.DefaultLimits.Codes,
			EnrolmentTime:  account.DefaultLimits.EnrolmentTime,
			RecoveryDelay:  unset,
		},
		Console:  Console{ViewsPerHour: 100},
		Password: Password{MemoryKiB: 19456, Time: 2, Threads: 1, Wait: 2 * time.Second},
		Keys: Keys{
			Publish: signkey.DefaultSchedule.Publish,
			Sign:    signkey.DefaultSchedule.Sign,
			Retain:  signkey.DefaultSchedule.Retain,
			Hint:    signkey.DefaultSchedule.Hint,
		},
		Review:   Review{SecondReviewer: SecondForCompanies, Reasons: slices.Clone(review.Reasons), KeepDocuments: 30 * 24 * time.Hour},
		Audit:    Audit{Keep: 7 * 365 * 24 * time.Hour},
		Branding: Branding{Wordmark: "Omgevingsloket-ID"},
		Log:      Log{Level: "info", Format: "json"},
		Limits:   Limits{AuthorizePerMinute: 120, ApplyPerHour: 30, ApplyTries: 120, LoginPerMinute: 60},
	}
	c.complete()
	return c
}

// complete sets the empty settings whose default depends on the environment.
func (c *Config) complete() {
	if c.Policy == "" {
		c.Policy = client.NLGov
		if !c.Production() {
			c.Policy = client.General
		}
	}
	if c.Login.RecoveryDelay == unset {
		c.Login.RecoveryDelay = ProductionRecoveryDelay
		if !c.Production() {
			c.Login.RecoveryDelay = 0
		}
	}
	if c.ACR == "" {
		c.ACR = ProductionACR
		if !c.Production() {
			c.ACR = PracticeACR
		}
	}
}
