package serve

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/featuregate"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/component-base/version"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"hedgerow/control-plane/state"
)

// Runs kube-apiserver on a listener that is already held, until the context ends. Its own command
// would open the port itself, late and on the off chance that it is still free.
func runAPIServer(ctx context.Context, listener net.Listener, arguments []string) error {
	_, gates := featuregate.DefaultComponentGlobalsRegistry.ComponentGlobalsOrRegister(
		featuregate.DefaultKubeComponent, version.DefaultBuildEffectiveVersion(),
		utilfeature.DefaultMutableFeatureGate)
	settings := options.NewServerRunOptions()
	settings.SecureServing.Listener = listener

	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	flags.Usage = func() {}
	sets := settings.Flags()
	globalflag.AddGlobalFlags(sets.FlagSet("global"), "kube-apiserver",
		logs.SkipLoggingConfigurationFlags())
	options.AddCustomGlobalFlags(sets.FlagSet("generic"))
	for _, set := range sets.FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(arguments); err != nil {
		return refused(err)
	}
	if err := featuregate.DefaultComponentGlobalsRegistry.Set(); err != nil {
		return refused(err)
	}
	// The server's warnings to its own loopback client are nobody's business.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if err := logsapi.ValidateAndApply(settings.Logs, gates); err != nil {
		return refused(err)
	}
	completed, err := settings.Complete(ctx)
	if err != nil {
		return refused(err)
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return refused(utilerrors.NewAggregate(errs))
	}
	return app.Run(ctx, completed)
}

func refused(err error) error {
	return fmt.Errorf("kube-apiserver refused its flags: %w; look at what stands after --", err)
}

func apiServerArguments(dir state.Dir, audit bool, extra []string) []string {
	arguments := []string{
		"--etcd-servers=" + etcdAddress,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(dir.Port()),
		// There is no second API server to find, and no service network to be reached by.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.255.0.0/24",
		"--tls-cert-file=" + dir.File(state.ServerCert),
		"--tls-private-key-file=" + dir.File(state.ServerKey),
		"--client-ca-file=" + dir.File(state.CACert),
		"--token-auth-file=" + dir.File(state.StaticTokens),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + dir.File(state.AccountKey),
		"--service-account-signing-key-file=" + dir.File(state.AccountKey),
		"--authorization-mode=RBAC",
		// It waits for service accounts that only a controller-manager would make.
		"--disable-admission-plugins=ServiceAccount",
	}
	if audit {
		arguments = append(arguments,
			"--audit-policy-file="+dir.File(state.AuditPolicy),
			"--audit-log-path="+dir.File(state.AuditLog))
	}
	return append(arguments, extra...)
}
