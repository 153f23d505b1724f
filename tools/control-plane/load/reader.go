package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Token makes sure that the accounts, roles and bindings of a file are there, and asks for a token
// of its service account.
func (c *Cluster) Token(ctx context.Context, file string, life time.Duration) (account,
	token string, err error) {
	documents, err := Read(file)
	if err != nil {
		return "", "", err
	}
	if err := c.Apply(ctx, documents, 1); err != nil {
		return "", "", err
	}
	for _, document := range documents {
		if document.Kind == "ServiceAccount" {
			token, err := c.requestToken(ctx, document, life)
			return document.Name, token, err
		}
	}
	return "", "", fmt.Errorf("%s declares no ServiceAccount", file)
}

func (c *Cluster) requestToken(ctx context.Context, account Document, life time.Duration) (string,
	error) {
	wanted, err := json.Marshal(map[string]any{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenRequest",
		"spec":       map[string]any{"expirationSeconds": int64(life.Seconds())},
	})
	if err != nil {
		return "", err
	}
	path := fmt.Sprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token",
		account.Namespace, account.Name)
	content, err := c.client.Post().AbsPath(path).SetHeader("Content-Type", "application/json").
		Body(wanted).DoRaw(ctx)
	if err != nil {
		return "", fmt.Errorf("no token for %s: %w", account, err)
	}
	var answer struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return "", err
	}
	if answer.Status.Token == "" {
		return "", errors.New("the API server answered without a token")
	}
	return answer.Status.Token, nil
}
