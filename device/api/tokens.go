package api

import (
	"context"
	"net/http"
	"time"

	"posd/device/sale"
)

// TokenRequest is the body of POST /v1/tokens.
type TokenRequest struct {
	Name      string      `json:"name" minLength:"1" maxLength:"64" doc:"What it is for, for people: which register, which tablet." example:"register 2"`
	Scopes    []string    `json:"scopes" minItems:"1" maxItems:"5" doc:"What it may do: sell, refund, manage, read, display." example:"[\"sell\"]"`
	MaxRefund sale.Amount `json:"maxRefund,omitempty" minimum:"0" maximum:"999999999" doc:"The most that one refund, void or return may give back, in cents; 0 or left out: no limit."`
	MaxDay    sale.Amount `json:"maxDay,omitempty" minimum:"0" maximum:"999999999" doc:"The most that all refunds, voids and returns of one business day may give back, in cents; 0 or left out: no limit."`
	Returns   bool        `json:"returns,omitempty" doc:"Whether it may return without a sale."`
	ExpiresAt *time.Time  `json:"expiresAt,omitempty" doc:"When it ends; left out: never."`
}

// TokenView is a token as it is listed.
type TokenView struct {
	ID        string      `json:"id" doc:"ULID."`
	Name      string      `json:"name" doc:"What it is for."`
	Scopes    string      `json:"scopes" doc:"What it may do, with commas."`
	MaxRefund sale.Amount `json:"maxRefund" doc:"The most that one refund may give back, in cents; 0: no limit."`
	MaxDay    sale.Amount `json:"maxDay" doc:"The most that may be given back in one business day, in cents; 0: no limit."`
	Returns   bool        `json:"returns" doc:"Whether it may return without a sale."`
	CreatedAt time.Time   `json:"createdAt" doc:"When it was made."`
	CreatedBy string      `json:"createdBy" doc:"Who made it."`
	ExpiresAt *time.Time  `json:"expiresAt" doc:"When it ends; null: never."`
	RevokedAt *time.Time  `json:"revokedAt" doc:"When it was revoked; null: it was not."`
	RevokedBy string      `json:"revokedBy" doc:"Who revoked it."`
}

// TokenMade answers POST /v1/tokens.
type TokenMade struct {
	TokenView
	Secret string `json:"token" doc:"The token itself. It is told this once and kept nowhere."`
}

// ViewToken is a token as it is listed.
func ViewToken(t sale.Token) TokenView {
	return TokenView{ID: t.ID, Name: t.Name, Scopes: t.Scopes.String(), MaxRefund: t.MaxRefund, MaxDay: t.MaxDay, Returns: t.Returns,
		CreatedAt: t.CreatedAt, CreatedBy: t.CreatedBy, ExpiresAt: t.ExpiresAt, RevokedAt: t.RevokedAt, RevokedBy: t.RevokedBy}
}

func (h *handlers) listTokens(context.Context, *struct{}) (*struct{ Body []TokenView }, error) {
	list := []TokenView{}
	if h.Tokens != nil {
		for _, t := range h.Tokens.List() {
			list = append(list, ViewToken(t))
		}
	}
	return &struct{ Body []TokenView }{list}, nil
}

type tokenMadeOut struct {
	Status int
	Body   TokenMade
}

func (h *handlers) createToken(ctx context.Context, in *struct{ Body TokenRequest }) (*tokenMadeOut, error) {
	if h.Tokens == nil {
		return nil, problem(http.StatusConflict, "not-possible", "This posd keeps no tokens.")
	}
	t, secret, err := h.Tokens.Create(ctx, in.Body)
	if err != nil {
		return nil, h.refuse("make token", err)
	}
	return &tokenMadeOut{http.StatusCreated, TokenMade{ViewToken(t), secret}}, nil
}

func (h *handlers) revokeToken(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64" doc:"ID of the token."`
}) (*struct{ Body TokenView }, error) {
	if h.Tokens == nil {
		return nil, problem(http.StatusNotFound, "not-found", "This posd keeps no tokens.")
	}
	t, err := h.Tokens.Revoke(ctx, in.ID)
	if err != nil {
		return nil, h.refuse("revoke token", err)
	}
	return &struct{ Body TokenView }{ViewToken(t)}, nil
}

// LoginRequest is the body of POST /v1/login.
type LoginRequest struct {
	Token string `json:"token" minLength:"1" maxLength:"128" doc:"The token whose rights the page gets."`
}

// Login answers POST /v1/login.
type Login struct {
	Name   string `json:"name" doc:"Name of the token."`
	Scopes string `json:"scopes" doc:"What the page may do now, with commas."`
}

type loginOut struct {
	SetCookie string `header:"Set-Cookie" doc:"The cookie of the log-in."`
	Body      Login
}

// login gives a page the rights of a token, by a cookie that no script can read.
func (h *handlers) login(ctx context.Context, in *struct{ Body LoginRequest }) (*loginOut, error) {
	if h.open() && !fromLAN(ctx) {
		return nil, problem(http.StatusConflict, "not-possible", "No token was made here: every program and page of this box may do everything.")
	}
	hash := HashToken(in.Body.Token)
	a, p := h.byToken(hash)
	if p != nil {
		return nil, p
	}
	return &loginOut{h.cookie(ctx, h.sessions.begin(hash, h.Clock(), sessionFor), int(sessionFor.Seconds())), Login{a.Token, a.Scopes.String()}}, nil
}

// logoutOut takes the cookie away.
type logoutOut struct {
	SetCookie string `header:"Set-Cookie" doc:"The cookie of the log-in, ended."`
}

func (h *handlers) logout(ctx context.Context, in *struct {
	Session string `cookie:"posd_session" doc:"The cookie of the log-in."`
}) (*logoutOut, error) {
	h.sessions.end(in.Session)
	return &logoutOut{h.cookie(ctx, "", -1)}, nil
}

// cookie is the header that sets the cookie of a log-in for so many seconds.
func (h *handlers) cookie(ctx context.Context, value string, age int) string {
	return h.cookieNamed(ctx, sessionCookie, value, age)
}

func (h *handlers) cookieNamed(ctx context.Context, name, value string, age int) string {
	c := http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: fromLAN(ctx)}
	return c.String()
}
