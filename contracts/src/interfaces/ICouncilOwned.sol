// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title What belongs to the council stays with it
/// @notice The owner is set when the contract is made and never changes: the council changes its governors, not its address.
///
/// Storage layout:
///
///     slot 0   address owner
interface ICouncilOwned {
    /// @notice Ownership is neither given up nor handed on.
    error OwnerFixed(address owner);
}
