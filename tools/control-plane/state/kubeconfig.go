package state

import (
	"encoding/base64"
	"fmt"
	"os"
)

// AdminConfig is the kubeconfig of the account that may do everything, by client certificate.
func (d Dir) AdminConfig() ([]byte, error) {
	certificate, err := d.base64(AdminCert)
	if err != nil {
		return nil, err
	}
	key, err := d.base64(AdminKey)
	if err != nil {
		return nil, err
	}
	proof := fmt.Sprintf("client-certificate-data: %s\n    client-key-data: %s", certificate, key)
	return d.config("admin", proof)
}

// TokenConfig is the kubeconfig of an account that proves itself by a bearer token.
func (d Dir) TokenConfig(user, token string) ([]byte, error) {
	return d.config(user, "token: "+token)
}

func (d Dir) config(user, proof string) ([]byte, error) {
	authority, err := d.base64(CACert)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: fabric
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: %s
  user:
    %s
contexts:
- name: %s@fabric
  context:
    cluster: fabric
    user: %s
    namespace: default
current-context: %s@fabric
`, d.URL(), authority, user, proof, user, user, user), nil
}

func (d Dir) base64(name string) (string, error) {
	content, err := os.ReadFile(d.File(name))
	return base64.StdEncoding.EncodeToString(content), err
}
