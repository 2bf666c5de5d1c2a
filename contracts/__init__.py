"""The Solidity contracts: sources in ``src``, reproducible compiled artifacts in ``artifacts``."""
