// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

/// @title The schemas of a consortium, who may issue them, and what else it agreed on in writing
/// @notice A schema id is the digest of the canonical schema, so a schema never changes: a new version is a new id. Only the
/// council writes: registering, allowing and agreeing on a document give, disallowing takes.
///
/// Issuing a schema is one period a member: never allowed, allowed from `from`, allowed in [from, until). It does not begin
/// again once it has ended. One period is one storage slot, so one state proof settles for good whether an attestation was
/// issued with leave; who is to issue again is allowed on the schema's next version.
///
/// Storage layout (k . s is keccak256(abi.encode(k, s))):
///
///     slot 0   address owner
///     slot 1   mapping(bytes32 schemaId => Schema), at s = schemaId . 1; s + 0: registeredAt (bits 0-63); s + 1: name
///     slot 2   mapping(bytes32 schemaId => mapping(bytes32 member => Period)), at member . (schemaId . 2), one slot:
///              from (bits 0-63), until (64-127)
///     slot 3   mapping(bytes32 name => bytes32 digest), at name . 3
///
/// A document is what all members keep the same copy of, such as the purposes of consents and their ceilings (name
/// keccak256("purposes")). The chain holds the digest of the one in force; the events are its history.
interface ISchemaRegistry {
    /// @notice A schema was registered, at this time.
    /// @dev Invariant: once for an id.
    event SchemaRegistered(bytes32 indexed schemaId, uint64 registeredAt, string name);

    /// @notice The member may issue this schema from this block on, whose time is `from`.
    /// @dev Invariant: once for a schema and member.
    event IssuerAllowed(bytes32 indexed schemaId, bytes32 indexed member, uint64 from);

    /// @notice The member may not issue this schema from this block on, whose time is `until`.
    /// @dev Invariant: once for a schema and member, after IssuerAllowed; nothing follows it.
    event IssuerDisallowed(bytes32 indexed schemaId, bytes32 indexed member, uint64 until);

    /// @notice This is the document of this name from this block on; zero for none.
    event DocumentSet(bytes32 indexed name, bytes32 digest);

    /// @notice A document has a name.
    error DocumentNameZero();
    /// @notice A schema id is not zero.
    error SchemaIdZero();
    /// @notice The schema is registered.
    error SchemaExists(bytes32 schemaId);
    /// @notice The schema is not registered.
    error SchemaUnknown(bytes32 schemaId);
    /// @notice A member id is not zero.
    error IssuerZero();
    /// @notice The member is, or once was, allowed.
    error IssuerPeriodExists(bytes32 schemaId, bytes32 member);
    /// @notice The member is not allowed now.
    error IssuerNotAllowed(bytes32 schemaId, bytes32 member);

    /// @notice Registers a schema. Council only: which types there are is its decision. Gives.
    function register(bytes32 schemaId, string calldata name) external;

    /// @notice Lets a member issue a schema from now on. Council only. Gives.
    function allowIssuer(bytes32 schemaId, bytes32 member) external;

    /// @notice Ends that, from now on and for good. Council only. Takes.
    function disallowIssuer(bytes32 schemaId, bytes32 member) external;

    /// @notice Agrees on a document; zero ends it. Council only. Gives: a purpose or a ceiling may be new.
    function setDocument(bytes32 name, bytes32 digest) external;

    /// @notice The digest of the document of this name; zero if there is none.
    function documentOf(bytes32 name) external view returns (bytes32 digest);

    /// @notice When and under which name the schema was registered; zero if it was not.
    function schemaOf(bytes32 schemaId) external view returns (uint64 registeredAt, string memory name);

    /// @notice The period [from, until) of the member; until is the largest uint64 while allowed, (0, 0) if never allowed.
    function issuerPeriod(bytes32 schemaId, bytes32 member) external view returns (uint64 from, uint64 until);
}
