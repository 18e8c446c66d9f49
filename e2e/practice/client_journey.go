package practice

// Apply applies for an account for the person and ends at the confirmation.
func (c *Client) Apply(p *Person) *Client {
	c.t.Helper()
	c.Get(c.site.Issuer+"/apply").On("apply/apply").Submit("kind", p.Kind)
	c.On("apply/email").Submit("email", p.Email)
	mail := c.site.Mail.Next(c.t, p.Email)
	code := sixDigits.FindStringSubmatch(mail.Text)
	if code == nil {
		c.t.Fatalf("no code in the mail:\n%s", mail.Text)
	}
	c.On("apply/code").Submit("code", code[1])
	c.On("apply/password").Submit("password", p.Password)
	c.On("apply/person").Submit("given_name", "Jo", "family_name", "Ek", "birth_day", "1", "birth_month", "2", "birth_year", "1990", "phone", "")
	if p.Kind == Bedrijf {
		c.On("apply/company").Submit("organization_name", "Ek AB", "registration_country", "SE", "register", "Bolagsverket",
			"registration_number", "556000-0000", "not_registered", "", "role", "director")
	}
	address := []string{"line1", "Gatan 1", "line2", "111 22 Stockholm", "line3", "", "country", "SE"}
	if p.Kind == Burger {
		address = append(address, "stay", "abroad")
	}
	c.On("apply/address").Submit(address...)
	c.On("apply/document").Upload("document", "leeg.pdf", nil)
	return c.On("apply/check").Submit("declared", "yes").On("apply/done")
}

// LogIn starts at the portal and sends e-mail address and password.
func (c *Client) LogIn(p *Person) *Client {
	c.t.Helper()
	return c.Start().Submit("email", p.Email, "password", p.Password)
}

// Start goes from the portal to the login page.
func (c *Client) Start() *Client {
	c.t.Helper()
	return c.Get(c.site.Portal + "/login").On("login/login")
}

// Enrol shows the QR code, scans it with the person's phone and goes on to the page of the
// code.
func (c *Client) Enrol(p *Person) *Client {
	c.t.Helper()
	c.On("enrol/enrol").Submit().On("enrol/qr")
	p.Phone = Scan(c.t, c.OTPAuth(), p.Email)
	return c.Get("/login/code" + c.query()).On("login/code")
}

func (c *Client) query() string {
	for i, r := range c.URL {
		if r == '?' {
			return c.URL[i:]
		}
	}
	return ""
}

// Member makes an account for a person, with a phone, without a browser.
func (s *Site) Member(p *Person) *Person {
	p.t.Helper()
	c := s.Client(p.t)
	c.Apply(p)
	c.LogIn(p).Enrol(p).Submit("code", p.Phone.Code())
	if c.URL != s.Portal+"/" {
		p.t.Fatalf("the login ended at %s:\n%s", c.URL, c.Body)
	}
	return p
}
