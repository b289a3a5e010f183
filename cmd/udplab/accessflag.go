package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"udplab/cmd/internal/tokenfile"
	"udplab/lossy/control/access"
)

// accessFlag is who may ask an HTTP server: --api-token-file and --api-host, or
// those of another server.
type accessFlag struct {
	server string // "api" or "metrics", the flag that has its address
	file   string
	hosts  []string
}

// envAPIToken is the token itself. There is no flag for it: others can see
// command lines.
const envAPIToken = envPrefix + "API_TOKEN"

// addTo gives cmd the flag for the token.
func (a *accessFlag) addTo(cmd *cobra.Command, server string) {
	a.server = server
	cmd.Flags().StringVar(&a.file, server+"-token-file", "",
		"file with the token that requests to --"+server+" must bear, which opens it to other machines; made if there is none")
}

// addHostTo gives cmd the flag for the names of this machine.
func (a *accessFlag) addHostTo(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&a.hosts, a.server+"-host", nil,
		"name that requests to --"+a.server+" may call this machine by, besides localhost and addresses; repeatable")
}

// rules reads the token. The lookup is of the environment; nil is none.
func (a *accessFlag) rules(say *say, lookup func(string) (string, bool)) (access.Rules, error) {
	rules := access.Rules{Hosts: a.hosts}
	for _, host := range a.hosts {
		if host == "" || strings.ContainsAny(host, ":/@ ") {
			return rules, usageError(fmt.Errorf("--%s-host %q is no name", a.server, host), "write it without scheme and port, such as lab.example")
		}
	}
	text := ""
	if lookup != nil {
		text, _ = lookup(envAPIToken)
	}
	switch {
	case a.file != "" && text != "":
		return rules, usageError(fmt.Errorf("--%s-token-file and %s are both given", a.server, envAPIToken), "unset one of them")
	case a.file != "":
		return a.fromFile(say, rules)
	case text != "":
		token, err := access.ParseToken(text)
		if err != nil {
			return rules, usageError(fmt.Errorf("%s: %w", envAPIToken, err), "make one with openssl rand -hex 16")
		}
		rules.Token = token
	}
	return rules, nil
}

func (a *accessFlag) fromFile(say *say, rules access.Rules) (access.Rules, error) {
	flag := "--" + a.server + "-token-file"
	text, made, err := tokenfile.Obtain(a.file)
	var path *fs.PathError
	switch {
	case errors.Is(err, tokenfile.ErrOpenToOthers):
		return rules, failure(fmt.Errorf("%s: %w", flag, err), "chmod 600 "+a.file+", and change the token if somebody may have read it")
	case errors.As(err, &path):
		return rules, failure(fmt.Errorf("%s %s: %w", flag, a.file, path.Err), "")
	case err != nil:
		return rules, failure(fmt.Errorf("%s: %w", flag, err), "remove it to have one made")
	}
	if made {
		say.note("made a random token in %s: send it as Authorization: Bearer TOKEN", a.file)
	}
	rules.Token, err = access.ParseToken(text)
	return rules, err
}

// notLoopback explains why a server may not listen on an address.
func (a *accessFlag) notLoopback(address string) error {
	return usageError(fmt.Errorf("--%s %s: %w", a.server, address, access.ErrNotLoopback),
		"use 127.0.0.1 and a tunnel from elsewhere, or give a token with --"+a.server+"-token-file")
}
