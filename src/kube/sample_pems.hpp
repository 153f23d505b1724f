// Certificates and keys for unit tests: made once, good for a hundred years, of use to nobody.
// Tests that need other ones (ended, for another name) make their own.
#pragma once

#include <string_view>

namespace hedgerow::kube::sample {

// CN=sample CA
inline constexpr std::string_view kCa =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBfzCCASWgAwIBAgIUdxslvJ8BGFpyZrBo7OOS8srWAaIwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJc2FtcGxlIENBMCAXDTI2MTEyMTEwNTYyMloYDzIxMjYxMDI4\n"
    "MTA1NjIyWjAUMRIwEAYDVQQDDAlzYW1wbGUgQ0EwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAAQind3RDDTvWyVePWjaC5rYYN4Ej51CZFPRgPEScj+/C4LMoECXeNdF\n"
    "zK/Knt3UQvIublynMxPmIrW+Q2nJg62Do1MwUTAdBgNVHQ4EFgQU1lN0E9A3SqV5\n"
    "yLx0Et7Dm/OqkBAwHwYDVR0jBBgwFoAU1lN0E9A3SqV5yLx0Et7Dm/OqkBAwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBu1A+3lltqyq/XOGEhpv1c\n"
    "1+BnBwBqawglW4ybqjlt7AIhAMkZVktZix6KsqDo7TdvciZD7p+uotNpu9/WSnkh\n"
    "gr7m\n"
    "-----END CERTIFICATE-----\n";

// CN=alice, signed by it, and its key.
inline constexpr std::string_view kCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBLjCB1QIUDOe0SG4WLEm4J1sNHQI1Ot8+TyAwCgYIKoZIzj0EAwIwFDESMBAG\n"
    "A1UEAwwJc2FtcGxlIENBMCAXDTI2MTEyMTEwNTYyMloYDzIxMjYxMDI4MTA1NjIy\n"
    "WjAeMQ4wDAYDVQQDDAVhbGljZTEMMAoGA1UECgwDb3BzMFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEnuvgJKPHT3JrlpIryZvEKCvEyhb7Iv1/ZEs8n2a5lwcjgpIP\n"
    "MThnbvhzsG2I6glrn1FT0FPVtl32K1+kS/ISYjAKBggqhkjOPQQDAgNIADBFAiAQ\n"
    "ODQWhZ2KsVwxX2ViFgJ+cBClocBGm70+KfTM4zGWegIhAPSNeoJfPm2T40zIIiN5\n"
    "tiTIKuJdMraSa8gumHJZn/CZ\n"
    "-----END CERTIFICATE-----\n";

inline constexpr std::string_view kKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgym65HdIcNNeEWcIg\n"
    "R7IpJxdYjIbTWDdyvVKT2erwVYahRANCAASe6+Ako8dPcmuWkivJm8QoK8TKFvsi\n"
    "/X9kSzyfZrmXByOCkg8xOGdu+HOwbYjqCWufUVPQU9W2XfYrX6RL8hJi\n"
    "-----END PRIVATE KEY-----\n";

// Of nobody.
inline constexpr std::string_view kOtherKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2MpK5N/ZA3kQiH3b\n"
    "qkRzVEhTa+FH2GHoKUn559JlDM6hRANCAATu7bTkKS8awt0SYl7YS3mbP4ZF7Opk\n"
    "DOLONAeNL+g3rihZC+ZobCjXpw2yTKOCn2BLN7/UGNGevQuIPOvMY4/9\n"
    "-----END PRIVATE KEY-----\n";

// The key of alice behind a pass phrase.
inline constexpr std::string_view kLockedKey =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhnjvqqBisCpQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIyJDldCDdKhUMB6CV3Q1EgEgZDi\n"
    "kza9qCjo9jWtQ2gMUqWRuFsNPiTS7nUC8EhoUXhKDcnPgLSm/gRoeE2rbIgbvc3d\n"
    "It15a3HuNabXrSzZsjKzamxJDBiQCIx5CDulCOo/I6dyByT5FEzdRTW8ERLNQ9Ta\n"
    "D+iDbyM9LK/caC2jMKsEPiSoV4cv2oCxl3CPB+aZmCu+N5e+enGjOBTfzwrs53M=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

}  // namespace hedgerow::kube::sample
