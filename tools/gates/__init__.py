# SPDX-License-Identifier: Apache-2.0
"""The gates of tools/check, one module per subject."""
