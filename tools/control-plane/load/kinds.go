package load

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

type definition struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Plural string `json:"plural"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
		} `json:"versions"`
	} `json:"spec"`
	Status struct {
		Conditions []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

const (
	definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	establishWait   = 60 * time.Second
)

func (c *Cluster) awaitEstablished(ctx context.Context, wave []Document) error {
	until := time.Now().Add(establishWait)
	for _, document := range wave {
		for {
			established, reason, err := c.established(ctx, document.Name)
			if err != nil {
				return err
			}
			if established {
				break
			}
			if time.Now().After(until) {
				return fmt.Errorf("%s was not established within %s: %s",
					document.Name, establishWait, reason)
			}
			if err := pause(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Cluster) established(ctx context.Context, name string) (yes bool, reason string,
	err error) {
	content, err := c.client.Get().AbsPath(definitionsPath + "/" + name).DoRaw(ctx)
	if err != nil {
		return false, "", err
	}
	var present definition
	if err := json.Unmarshal(content, &present); err != nil {
		return false, "", err
	}
	for _, condition := range present.Status.Conditions {
		if condition.Type == "Established" && condition.Status == "True" {
			return true, "", nil
		}
		if condition.Type == "NamesAccepted" && condition.Status == "False" {
			reason = condition.Message
		}
	}
	return false, reason, nil
}

// AwaitServed waits until every defined kind can be listed. For a moment after it was defined, and
// for some seconds after a restart with many objects, a kind's LIST is answered with 429 "storage
// is (re)initializing", though the server calls itself ready.
func (c *Cluster) AwaitServed(ctx context.Context) error {
	content, err := c.client.Get().AbsPath(definitionsPath).DoRaw(ctx)
	if err != nil {
		return err
	}
	var present struct {
		Items []definition `json:"items"`
	}
	if err := json.Unmarshal(content, &present); err != nil {
		return err
	}
	for _, item := range present.Items {
		for _, version := range item.Spec.Versions {
			path := "/apis/" + item.Spec.Group + "/" + version.Name + "/" + item.Spec.Names.Plural
			if !version.Served {
				continue
			}
			if err := c.awaitListed(ctx, path); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Cluster) awaitListed(ctx context.Context, path string) error {
	until := time.Now().Add(establishWait)
	for {
		// No object has this name, so the answer is small; yet all of the kind must be there to
		// give it. A limit would not do: such lists are served without the cache being filled.
		err := c.client.Get().AbsPath(path).MaxRetries(0).
			Param("fieldSelector", "metadata.name=-").Do(ctx).Error()
		notYet := apierrors.IsTooManyRequests(err) || notServedYet(err)
		if !notYet || time.Now().After(until) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}
