package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// FieldManager is the name under which the API server remembers what was loaded.
const FieldManager = "cluster-load"

const (
	// A new kind is served a moment after it is called established.
	servedWait    = 10 * time.Second
	pollPause     = 20 * time.Millisecond
	failuresShown = 10
)

// Cluster is one API server, as seen by one account.
type Cluster struct {
	client *rest.RESTClient

	lock  sync.Mutex
	kinds map[string]map[string]metav1.APIResource // By apiVersion, then kind.
}

// Connect reads a kubeconfig. It does not yet speak to the API server.
func Connect(kubeconfig string) (*Cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("%s is no usable kubeconfig: %w", kubeconfig, err)
	}
	// The server's own fairness is limit enough.
	config.QPS = -1
	config.UserAgent = FieldManager
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return &Cluster{client: client, kinds: map[string]map[string]metav1.APIResource{}}, nil
}

// Apply writes all documents, at most `writers` at a time, and waits until the kinds they define
// are served. A wave with failures ends it: what comes later would only fail for want of them.
func (c *Cluster) Apply(ctx context.Context, documents []Document, writers int) error {
	for _, wave := range waves(documents) {
		if err := c.applyAll(ctx, wave, writers); err != nil {
			return err
		}
		if wave[0].Kind == kindDefinition {
			if err := c.awaitEstablished(ctx, wave); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Cluster) applyAll(ctx context.Context, wave []Document, writers int) error {
	var (
		group    sync.WaitGroup
		lock     sync.Mutex
		failures []error
	)
	todo := make(chan Document)
	for range min(writers, len(wave)) {
		group.Add(1)
		go func() {
			defer group.Done()
			for document := range todo {
				if err := c.apply(ctx, document); err != nil {
					lock.Lock()
					failures = append(failures,
						fmt.Errorf("%s (%s): %w", document, document.Origin, err))
					lock.Unlock()
				}
			}
		}()
	}
	for _, document := range wave {
		todo <- document
	}
	close(todo)
	group.Wait()
	return summary(failures, len(wave))
}

func summary(failures []error, total int) error {
	if len(failures) == 0 {
		return nil
	}
	shown := failures[:min(len(failures), failuresShown)]
	return fmt.Errorf("%d of %d documents were refused:\n%w",
		len(failures), total, errors.Join(shown...))
}

func (c *Cluster) apply(ctx context.Context, document Document) error {
	until := time.Now().Add(servedWait)
	for {
		path, err := c.pathOf(ctx, document)
		if err == nil {
			err = c.client.Patch(types.ApplyPatchType).AbsPath(path).
				Param("fieldManager", FieldManager).
				Param("fieldValidation", "Strict").
				// Loading says what is to be, whoever wrote it before.
				Param("force", "true").
				Body(document.Body).Do(ctx).Error()
		}
		if !notServedYet(err) || time.Now().After(until) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

var errUnknownKind = errors.New("the cluster does not serve this kind")

// A kind without a handler is a 404 about nothing in particular; a missing namespace is one about
// the namespace.
func notServedYet(err error) bool {
	if errors.Is(err, errUnknownKind) {
		return true
	}
	var status *apierrors.StatusError
	return apierrors.IsNotFound(err) && errors.As(err, &status) &&
		!strings.Contains(status.ErrStatus.Message, "namespaces ")
}

func (c *Cluster) pathOf(ctx context.Context, document Document) (string, error) {
	resource, err := c.resource(ctx, document.Version, document.Kind)
	if err != nil {
		return "", err
	}
	path := groupPath(document.Version)
	if resource.Namespaced {
		namespace := document.Namespace
		if namespace == "" {
			namespace = "default"
		}
		path += "/namespaces/" + namespace
	}
	return path + "/" + resource.Name + "/" + document.Name, nil
}

func groupPath(version string) string {
	if strings.Contains(version, "/") {
		return "/apis/" + version
	}
	return "/api/" + version
}

func (c *Cluster) resource(ctx context.Context, version, kind string) (metav1.APIResource, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if known, ok := c.kinds[version][kind]; ok {
		return known, nil
	}
	content, err := c.client.Get().AbsPath(groupPath(version)).DoRaw(ctx)
	if apierrors.IsNotFound(err) {
		return metav1.APIResource{}, errUnknownKind
	}
	if err != nil {
		return metav1.APIResource{}, err
	}
	var served metav1.APIResourceList
	if err := json.Unmarshal(content, &served); err != nil {
		return metav1.APIResource{}, err
	}
	c.kinds[version] = map[string]metav1.APIResource{}
	for _, resource := range served.APIResources {
		// Subresources have the kind's name too.
		if !strings.Contains(resource.Name, "/") {
			c.kinds[version][resource.Kind] = resource
		}
	}
	if known, ok := c.kinds[version][kind]; ok {
		return known, nil
	}
	return metav1.APIResource{}, errUnknownKind
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pollPause):
		return nil
	}
}
